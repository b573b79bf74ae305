/** What a case is called, where it is and who has it, in the reader's language. */
import { useI18n } from "vue-i18n";

import { HUB, use } from "@/composables/keys";
import { useWords } from "@/composables/useWords";
import type { CaseFile } from "@/store/cases";
import { conditionOf, say } from "@/store/names";
import type { Case } from "@/types";

const STATES: ReadonlySet<string> = new Set(["open", "paused", "closed", "false_alarm", "cancelled", "merged"]);

export interface CaseWords {
  title: (each: Case) => string;
  /** Its site, else its area. */
  where: (each: Case, file?: Pick<CaseFile, "names">) => string;
  /** Who has it, and who was called to it. */
  units: (each: Case, file?: Pick<CaseFile, "names">) => string;
  /** A step that is due, or a state. */
  stage: (word: string) => string;
  /** Everything a reader sees of a case, for looking up words. */
  said: (each: Case) => string;
  /** What an entry of a history says was done. */
  did: (action: string) => string;
  source: (source: string) => string;
}

export function useCaseWords(): CaseWords {
  const hub = use(HUB);
  const i18n = useI18n();
  const { t, word, text, site, unit, lang } = useWords();

  const words: CaseWords = {
    title(each) {
      const condition = conditionOf(each, hub.world.value.incidents);
      return condition === null ? each.title || t("case.untitled") : word("condition", condition);
    },
    where(each, file) {
      const told = file === undefined ? "" : text(file.names.site ?? file.names.area);
      if (told !== "") return told;
      if (each.site !== null) return site(each.site);
      return each.area === null ? "" : say(hub.directory.value.areas.get(each.area)?.name, lang.value, each.area);
    },
    units(each, file) {
      const all = [...new Set([each.unit, ...each.units])].filter((one) => one !== null);
      if (all.length === 0) return t("case.noUnit");
      // Of some units a reader sees no more than their id, which says nothing on a card.
      const known = all.filter((one) => file !== undefined || hub.directory.value.units.has(one));
      return known.map((one) => text(file?.names.units[one], unit(one))).join(", ");
    },
    stage: (name) => word(STATES.has(name) ? "caseState" : "step", name),
    said: (each) =>
      [each.number, words.title(each), each.title, words.where(each), words.units(each), text(each.explanation)].join(" "),
    did: (action) => (i18n.te(`cases.did.${action}`) ? t(`cases.did.${action}`) : word("step", action)),
    source: (source) => (i18n.te(`cases.source.${source}`) ? t(`cases.source.${source}`) : source),
  };
  return words;
}
