/** The page's languages: Chinese first; the choice is remembered and said in the document's `lang`. */
import { createI18n } from "vue-i18n";

import { en } from "@/locales/en";
import { zh } from "@/locales/zh";
import { recallLang, rememberLang } from "@/store/visitor";
import type { Lang } from "@/types";

export const i18n = createI18n({
  legacy: false,
  locale: recallLang(),
  fallbackLocale: "zh",
  messages: { zh, en },
  // Words for ids (conditions, reasons) are asked for with a fallback; only those may be missing.
  missingWarn: import.meta.env.DEV,
  fallbackWarn: false,
});

export function setLang(lang: Lang): void {
  i18n.global.locale.value = lang;
  rememberLang(lang);
  showLang(lang);
}

/** Tell the document, for screen readers, fonts and hyphenation. */
export function showLang(lang: Lang): void {
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
}
