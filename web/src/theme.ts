/** Dark by default: the page is looked at by night. The choice is remembered. */
import { rememberTheme, type Theme } from "@/store/visitor";

export function showTheme(theme: Theme): void {
  document.documentElement.classList.toggle("dark", theme === "dark");
}

export function setTheme(theme: Theme): void {
  rememberTheme(theme);
  showTheme(theme);
}
