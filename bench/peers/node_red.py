"""Node-RED: installed from the npm registry into build/, with a flow of its own nodes and nothing else running.

mqtt in (QoS 1, parsed by the node) → switch (the rule) → function (the readings as an array, as text) → websocket out.
The editor is off, the log says errors only, no context is stored.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from bench.sensors.county import LIMIT
from ingest.mqtt.address import Address

VERSION = "4.1.15"
LICENCE = "Apache-2.0"
FOLDER = Path(__file__).parents[2] / "build" / "node-red"
PROGRAM = FOLDER / "node_modules" / "node-red" / "red.js"
SETTINGS = """\
module.exports = {
  httpAdminRoot: false, flowFile: "flows.json", credentialSecret: false,
  uiHost: "127.0.0.1", telemetry: { enabled: false },
  logging: { console: { level: "error", metrics: false, audit: false } },
};
"""
SHAPE = """\
const device = msg.topic.split("/")[3];
const at = new Date(msg.payload.ts).toISOString();
const values = msg.payload.values;
const out = [];
for (const quantity in values)
  out.push({ device, quantity, value: values[quantity], at%s });
return { payload: JSON.stringify(out) };
"""


def install() -> Path:
    """The program; RuntimeError says why it cannot be had."""
    if not PROGRAM.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("please install npm: the benchmark fetches Node-RED with it")
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "package.json").write_text('{"private": true}', "utf-8")
        command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", f"node-red@{VERSION}"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode:
            raise RuntimeError(f"Node-RED cannot be installed: {done.stderr.strip()[-400:]}")
    return PROGRAM


def command(folder: Path, broker: str, topic: str, port: int) -> list[str]:
    """How to start it on this flow; websockets are taken on `ws://127.0.0.1:port/readings`."""
    at = Address.parse(broker)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.js").write_text(SETTINGS, "utf-8")
    rules = [{"t": "gt", "v": str(LIMIT), "vt": "num"}, {"t": "else"}]
    function = {"type": "function", "z": "flow", "outputs": 1, "wires": [["out"]]}
    flow: list[dict[str, object]] = [
        {"id": "flow", "type": "tab", "label": "bench"},
        {
            "id": "broker", "type": "mqtt-broker", "broker": at.host, "port": str(at.port), "clientid": "node-red",
            "autoConnect": True, "usetls": False, "protocolVersion": "5", "keepalive": "60", "cleansession": True,
        },
        {"id": "socket", "type": "websocket-listener", "path": "/readings", "wholemsg": "false"},
        {
            "id": "in", "type": "mqtt in", "z": "flow", "topic": topic, "qos": "1", "datatype": "json",
            "broker": "broker", "nl": False, "rap": True, "rh": 0, "inputs": 0, "wires": [["rule"]],
        },
        {
            "id": "rule", "type": "switch", "z": "flow", "property": "payload.values.temperature",
            "propertyType": "msg", "rules": rules, "checkall": "false", "outputs": 2, "wires": [["warm"], ["well"]],
        },
        {**function, "id": "warm", "func": SHAPE % ", alarm: true"},
        {**function, "id": "well", "func": SHAPE % ""},
        {"id": "out", "type": "websocket out", "z": "flow", "server": "socket", "client": "", "wires": []},
    ]  # fmt: skip
    (folder / "flows.json").write_text(json.dumps(flow), "utf-8")
    return ["node", str(install()), "--userDir", str(folder), "--port", str(port)]
