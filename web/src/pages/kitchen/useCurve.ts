/** The points of one curve: asked for, then kept true as long as its component is there. */
import { onScopeDispose, ref, type Ref, shallowRef, type ShallowRef, watch } from "vue";

import { ApiError, Unreachable } from "@/api";
import { API, HUB, NOW, use } from "@/composables/keys";
import { useFaults } from "@/composables/useAct";
import { listen, past, readingsAddress } from "@/pages/kitchen/readings";
import {
  type Forecast,
  forecastsOf,
  GRAIN_S,
  type Point,
  pointsOf,
  presentForecast,
  type Reach,
  REACH_S,
  type ReadingRow,
  RESOLUTION,
  type Tried,
} from "@/store/kitchen";
import type { Rule } from "@/types";

/** A forecast is tried anew this often: it costs the hub some work. */
const FORECAST_MS = 60_000;
/** Live values are drawn together. */
const BATCH_MS = 500;

interface Targets extends Rule {
  devices?: readonly string[];
  sites?: readonly string[];
  site_kinds?: readonly string[];
  areas?: readonly string[];
}

export interface CurveHere {
  points: ShallowRef<readonly Point[]>;
  forecast: ShallowRef<Forecast | null>;
  loading: Readonly<Ref<boolean>>;
  fault: Readonly<Ref<string>>;
}

export function useCurve(device: () => string, quantity: () => string, site: () => string, reach: () => Reach): CurveHere {
  const api = use(API);
  const hub = use(HUB);
  const now = use(NOW);
  const words = useFaults();
  const points = shallowRef<readonly Point[]>([]);
  const forecast = shallowRef<Forecast | null>(null);
  const loading = ref(false);
  const fault = ref("");
  let turn = 0;
  let stop: (() => void) | null = null;
  let waiting: ReadingRow[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function load(afresh: boolean): Promise<void> {
    const mine = ++turn;
    const span = reach();
    const since = now.value - REACH_S[span] * 1000;
    loading.value = true;
    try {
      const rows = await past(api, device(), quantity(), since, RESOLUTION[span]);
      // What is not summed up yet is asked for as it was measured.
      const fine = GRAIN_S[span] === 0 ? [] : await past(api, device(), quantity(), now.value - 2 * GRAIN_S[span] * 1000, "raw");
      if (mine !== turn) return;
      points.value = pointsOf([...rows, ...fine], afresh ? [] : points.value);
      fault.value = "";
    } catch (failure) {
      if (mine === turn) fault.value = words(failure);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }

  function heard(rows: ReadingRow[]): void {
    waiting.push(...rows);
    timer ??= setTimeout(() => {
      timer = undefined;
      const first = now.value / 1000 - REACH_S[reach()];
      points.value = pointsOf(waiting, points.value).filter(([at]) => at >= first - 3600);
      waiting = [];
    }, BATCH_MS);
  }

  /** Rules that see this value going somewhere; those that do not watch the device answer so. */
  function foresees(): string[] {
    const kind = hub.directory.value.sites.get(site())?.kind;
    return [...hub.directory.value.rules.values()]
      .filter((rule: Targets) => {
        if (rule.kind !== "forecast" || rule.quantity !== quantity()) return false;
        const named = rule.devices?.includes(device()) ?? false;
        const here = rule.sites?.includes(site()) ?? false;
        const alike = kind !== undefined && (rule.site_kinds?.includes(kind) ?? false);
        return named || here || alike || (rule.areas?.length ?? 0) > 0;
      })
      .map((rule) => rule.id);
  }

  async function foresee(): Promise<void> {
    const mine = turn;
    if (!hub.can("rule.try")) return;
    for (const rule of foresees()) {
      try {
        const told = await api.post<Tried>("/rules/try", {
          rule,
          devices: [device()],
          since: new Date(now.value - 6 * 3_600_000).toISOString(),
          chart: true,
        });
        if (mine !== turn) return;
        forecast.value = presentForecast(forecastsOf(told, device()), now.value / 1000);
        if (forecast.value !== null) return;
      } catch (failure) {
        // A rule that watches other devices is no fault, and the curve is true without a forecast.
        if (!(failure instanceof ApiError || failure instanceof Unreachable)) throw failure;
      }
    }
    if (mine === turn) forecast.value = null;
  }

  function begin(): void {
    stop?.();
    points.value = [];
    forecast.value = null;
    waiting = [];
    void load(true).then(foresee);
    stop = listen(readingsAddress(device(), quantity()), api.protocols, heard, () => void load(false));
  }

  watch([device, quantity, reach, hub.loaded], begin, { immediate: true });
  const again = setInterval(() => {
    if (!document.hidden) void foresee();
  }, FORECAST_MS);
  onScopeDispose(() => {
    turn += 1;
    stop?.();
    clearTimeout(timer);
    clearInterval(again);
  });
  return { points, forecast, loading, fault };
}
