/** The numbers of the strip above the panels. */
import { lightOf } from "@/store/order";
import { isOpenCase, isOpenIncident, type World } from "@/store/world";
import { type DeviceKind, type Light, SEVERITIES, type Severity } from "@/types";

export interface Share {
  online: number;
  total: number;
}

export interface Counts {
  incidents: Record<Severity, number>;
  open: number;
  unacked: number;
  stale: number;
  cases: number;
  lights: Record<Light, number>;
  devices: Record<DeviceKind, Share>;
  /** Devices that are not online, of any kind. */
  troubled: number;
}

export function countsOf(world: World, now: number): Counts {
  const counts: Counts = {
    incidents: { life: 0, critical: 0, major: 0, minor: 0, info: 0 },
    open: 0,
    unacked: 0,
    stale: 0,
    cases: 0,
    lights: { red: 0, yellow: 0, green: 0 },
    devices: {
      camera: { online: 0, total: 0 },
      sensor: { online: 0, total: 0 },
      gateway: { online: 0, total: 0 },
      speaker: { online: 0, total: 0 },
    },
    troubled: 0,
  };
  for (const incident of world.incidents.values()) {
    if (!isOpenIncident(incident)) continue;
    counts.open += 1;
    if (SEVERITIES.includes(incident.severity)) counts.incidents[incident.severity] += 1;
    if (!incident.acked) counts.unacked += 1;
    if (incident.stale) counts.stale += 1;
  }
  for (const each of world.cases.values()) {
    if (!isOpenCase(each)) continue;
    counts.cases += 1;
    const light = lightOf(each, now);
    if (light !== null) counts.lights[light] += 1;
  }
  for (const device of world.devices.values()) {
    const share = counts.devices[device.kind] as Share | undefined;
    const online = device.state === "online";
    if (share !== undefined) {
      share.total += 1;
      if (online) share.online += 1;
    }
    if (!online) counts.troubled += 1;
  }
  return counts;
}
