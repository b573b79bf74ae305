/**
 * What the console asks of the hub for its world: the gravest incidents first, then pages of every list in turn, and
 * names. Whoever may not read something gets none of it.
 */
import type { Api } from "@/api";
import type { Directory } from "@/store/names";
import type { Lists } from "@/store/world";
import { type Device, type Incident, OPEN_CASE_STATES, SEVERITIES } from "@/types";

const RECENT = 50;
/** Incidents that are asked for before anything is shown: more than a feed shows at first. */
const GRAVEST = 60;
/** Rows of one page of the rest: read in a few milliseconds, here and at the hub. */
const PAGE = 400;

export interface Asking {
  /** Of the open incidents the gravest, as many as a feed shows at first. */
  gravest: (mine: AbortSignal) => Promise<Incident[]>;
  /** All lists, a page of each in turn, one request at a time. */
  rounds: (mine: AbortSignal) => AsyncGenerator<Lists>;
  devices: (mine?: AbortSignal) => Promise<Device[]>;
  names: () => Promise<Directory>;
}

export function createAsking(api: Api, may: (right: string) => boolean): Asking {
  async function gravest(mine: AbortSignal): Promise<Incident[]> {
    const found: Incident[] = [];
    if (!may("incident.read")) return found;
    for (const severity of SEVERITIES) {
      found.push(...(await first(api.incidents({ state: "open", severity, limit: GRAVEST }, mine))));
      if (found.length >= GRAVEST) break;
    }
    return found;
  }

  async function* rounds(mine: AbortSignal): AsyncGenerator<Lists> {
    let sources = [devices(mine), incidents(mine), cases(mine)];
    while (sources.length > 0) {
      const left: AsyncGenerator<Lists>[] = [];
      for (const source of sources) {
        const page = await source.next();
        if (page.done === true) continue;
        left.push(source);
        yield page.value;
      }
      sources = left;
    }
  }

  async function* incidents(mine: AbortSignal): AsyncGenerator<Lists> {
    if (!may("incident.read")) return;
    for await (const page of api.incidents({ state: "open", limit: PAGE }, mine)) yield { incidents: page };
    yield { incidents: await first(api.incidents({ state: "cleared", limit: RECENT }, mine)) };
  }

  async function* cases(mine: AbortSignal): AsyncGenerator<Lists> {
    if (!may("case.read")) return;
    for (const state of OPEN_CASE_STATES) {
      for await (const page of api.cases({ state, limit: PAGE }, mine)) yield { cases: page };
    }
    yield { cases: await first(api.cases({ state: "closed", limit: RECENT }, mine)) };
  }

  async function* devices(mine?: AbortSignal): AsyncGenerator<Lists> {
    if (!may("device.read")) return;
    for await (const page of api.devices({ limit: PAGE }, mine)) yield { devices: page };
  }

  async function names(): Promise<Directory> {
    const [areas, sites, units, rules] = await Promise.all([
      may("area.read") ? api.areas() : [],
      may("site.read") ? api.sites() : [],
      may("unit.read") ? api.units() : [],
      may("rule.read") ? api.rules() : [],
    ]);
    return { areas: byId(areas), sites: byId(sites), units: byId(units), rules: byId(rules) };
  }

  return {
    gravest,
    rounds,
    async devices(mine) {
      const listed: Device[] = [];
      for await (const page of devices(mine)) listed.push(...(page.devices ?? []));
      return listed;
    },
    names,
  };
}

async function first<T>(pages: AsyncGenerator<T[]>): Promise<T[]> {
  const page = await pages.next();
  return page.done === true ? [] : page.value;
}

function byId<T extends { id: string }>(rows: readonly T[]): ReadonlyMap<string, T> {
  return new Map(rows.map((row) => [row.id, row]));
}
