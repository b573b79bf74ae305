/**
 * What this browser remembers of its visitor: that there was one (the right to look is in a cookie that scripts
 * can not read), the language and the theme; and, as long as the tab is open, the token that lets it act. A browser
 * that refuses to remember is no fault.
 */
import type { Lang } from "@/types";

const VISITOR = "xianshao.visitor";
const LANG = "xianshao.lang";
const THEME = "xianshao.theme";
const TOKEN = "xianshao.token";
const SOUND = "xianshao.sound";

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

/** The token of a login in this tab: other tabs and later days do not have it. */
export function recallToken(): string | null {
  try {
    return sessionStorage.getItem(TOKEN);
  } catch {
    return null;
  }
}

export function rememberToken(token: string | null): void {
  try {
    if (token === null) sessionStorage.removeItem(TOKEN);
    else sessionStorage.setItem(TOKEN, token);
  } catch {
    // The token then lives as long as the page.
  }
}

/** Sound is on until somebody mutes it. */
export function recallSound(): boolean {
  return read(SOUND) !== "off";
}

export function rememberSound(on: boolean): void {
  write(SOUND, on ? null : "off");
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
