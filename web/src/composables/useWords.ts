/** Words in the reader's language for what the hub sends: names, ids, moments, lengths. */
import { computed, type ComputedRef } from "vue";
import { useI18n } from "vue-i18n";

import { HUB, TODAY, use } from "@/composables/keys";
import { en } from "@/locales/en";
import { zh } from "@/locales/zh";
import { measureOf, placeOf, readable, say } from "@/store/names";
import { lengthParts, localMoments, shortTime } from "@/store/time";
import type { Device, Incident, Lang, Text } from "@/types";

type Shelf = "condition" | "reason" | "step" | "unitOf" | "caseState" | "role" | "ruleKey" | "why" | "thing";

export interface Speaker {
  lang: ComputedRef<Lang>;
  t: ReturnType<typeof useI18n>["t"];
  /** A text of the hub. */
  text: (text: Text | null | undefined, fallback?: string) => string;
  /** An explanation of the hub, to be read here: its moments as this page writes them. */
  sentence: (text: Text | null | undefined) => string;
  /** The word of an id on one of the locales' shelves; a readable id where there is none. */
  word: (shelf: Shelf, id: string) => string;
  site: (id: string | null) => string;
  unit: (id: string | null) => string;
  device: (id: string) => string;
  deviceName: (device: Device) => string;
  place: (incident: Incident) => string;
  /** The deciding value and its limit with their unit; empty where there is none. */
  measure: (incident: Incident) => string;
  time: (instant: string | null) => string;
  length: (milliseconds: number) => string;
}

export function useWords(): Speaker {
  const { t, locale } = useI18n();
  const hub = use(HUB);
  const today = use(TODAY);
  const lang = computed<Lang>(() => (locale.value === "en" ? "en" : "zh"));

  function shelf(name: Shelf): Readonly<Record<string, string>> {
    return (lang.value === "en" ? en : zh)[name];
  }

  const speaker: Speaker = {
    lang,
    t,
    text: (text, fallback) => say(text, lang.value, fallback),
    sentence: (text) => localMoments(say(text, lang.value), today.value, hub.zone.value),
    word: (name, id) => (Object.hasOwn(shelf(name), id) ? (shelf(name)[id] ?? id) : readable(id)),
    site: (id) => (id === null ? "" : say(hub.directory.value.sites.get(id)?.name, lang.value, id)),
    unit: (id) => (id === null ? "" : say(hub.directory.value.units.get(id)?.name, lang.value, id)),
    device(id) {
      const found = hub.world.value.devices.get(id);
      return found === undefined ? id : speaker.deviceName(found);
    },
    deviceName: (device) => say(device.name, lang.value, device.id),
    place(incident) {
      const { site, zone } = placeOf(incident);
      const known = site !== null && hub.directory.value.sites.has(site);
      const first = known ? speaker.site(site) : site === null ? "" : speaker.device(site);
      return zone === null ? first : `${first} · ${readable(zone)}`;
    },
    measure(incident) {
      const units = shelf("unitOf");
      const found = measureOf(incident, hub.directory.value.rules, units);
      if (found === null) return "";
      const unit = found.quantity === null ? "" : (units[found.quantity] ?? "");
      const gap = unit === "" || unit === "%" || unit === "°" ? "" : " ";
      const show = (value: number): string =>
        found.as === "length" ? speaker.length(value * 1000) : `${Number(value.toFixed(2))}${gap}${unit}`;
      const value = `${t(found.as === "length" ? "incident.duration" : "incident.value")} ${show(found.value)}`;
      return found.limit === null ? value : `${value} / ${t("incident.limit")} ${show(found.limit)}`;
    },
    time: (instant) => shortTime(instant, today.value, hub.zone.value),
    length: (milliseconds) =>
      lengthParts(milliseconds)
        .map(([unit, count]) => `${count} ${t(`length.${unit}`)}`)
        .join(" "),
  };
  return speaker;
}
