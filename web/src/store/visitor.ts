/**
 * What this browser remembers of its visitor: that there was one (the right to look is in a cookie that scripts
 * can not read), the language and the theme. A browser that refuses to remember is no fault.
 */
import type { Lang } from "@/types";

const VISITOR = "xianshao.visitor";
const LANG = "xianshao.lang";
const THEME = "xianshao.theme";

export type Theme = "dark" | "light";

/** Somebody entered from this browser before, so asking who it is makes sense. */
export function recall(): boolean {
  return read(VISITOR) !== null;
}

export function remember(): void {
  write(VISITOR, "1");
}

export function forget(): void {
  write(VISITOR, null);
}

export function recallLang(): Lang {
  return read(LANG) === "en" ? "en" : "zh";
}

export function rememberLang(lang: Lang): void {
  write(LANG, lang);
}

export function recallTheme(): Theme {
  return read(THEME) === "light" ? "light" : "dark";
}

export function rememberTheme(theme: Theme): void {
  write(THEME, theme);
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Private windows may refuse; the page then asks again next time.
  }
}
