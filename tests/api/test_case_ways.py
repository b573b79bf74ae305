"""A case from raise to archive by the API alone, in each shipped workflow; each step by who may, nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from alerts.chain import broken_at
from alerts.ledger.check import violations
from alerts.ledger.engine import Connection
from alerts.ledger.tables import case_history
from config.catalogue import shipped_workflows
from tests.servers.house import ROLES, House

FLOWS = shipped_workflows()


@pytest.mark.parametrize("workflow", sorted(FLOWS))
def test_from_raise_to_archive(house: House, workflow: str) -> None:
    """Every role that the step does not name gets 403 and changes nothing; the history prints and verifies."""
    flow, admin = FLOWS[workflow], house.client("admin")
    admin.put("/routes/route-2", json={"unit": "kitchens", "workflow": workflow}).raise_for_status()
    condition = f"too-warm-{workflow}"
    _, case = house.raise_at("school-1", "fridge-1", condition=condition)
    path, by = f"/cases/{case}/actions", list[str]()
    for step in flow.steps:
        if flow.after(step.step) is None:
            early = house.client("sue" if "supervisor" in step.roles else "olga").post(
                path, json={"action": step.step, "note": "too early"}
            )
            assert early.status_code == 409, early.text  # the condition still holds
            house.apply(house.signal("school-1", device="fridge-1", state="inactive", condition=condition))
            house.shift += flow.clear_for
        request = {"action": step.step, "note": "done", "to": "kitchens" if "to" in step.needs else None}
        for name, role in ROLES.items():
            if role not in step.roles:
                refused = house.client(name).post(path, json=request)
                assert refused.status_code == 403, (step.step, name, refused.text)
        who = next(name for name, role in ROLES.items() if role in step.roles)
        answer = house.client(who).post(path, json=request)
        assert answer.status_code == 200, (step.step, who, answer.text)
        by.append(who)
    shown = house.client("olga").get(f"/cases/{case}").json()
    for entry in shown["history"]:
        print(entry["seq"], entry["at"], entry["who"], entry["role"], entry["action"], entry["hash"][:12])
    assert shown["state"] == "closed"
    assert [each["action"] for each in shown["history"]] == ["open", *(each.step for each in flow.steps)]
    assert [each["who"] for each in shown["history"]] == ["hub", *by]
    assert "proof" in shown["history"][-1]
    assert broken_at(shown["history"]) is None
    with house.ledger.read() as conn:
        assert violations(conn) == []


def test_one_changed_entry_is_named(house: House) -> None:
    """Whoever edits the ledger itself: the chain names the case and the entry."""
    _, case = house.raise_at("school-1", "fridge-1", condition="tampered")
    case_path = f"/cases/{case}"
    for action in ("urge", "urge", "urge"):
        house.client("sue").post(f"{case_path}/actions", json={"action": action, "note": "hurry"})
    number = house.client("olga").get(case_path).json()["number"]
    row = (case_history.c.case_id == case) & (case_history.c.seq == 3)

    def edit(tx: Connection) -> None:
        entry = tx.execute(select(case_history.c.entry).where(row)).scalar_one()
        tx.execute(update(case_history).where(row).values(entry={**entry, "who": "somebody-else"}))

    house.ledger.write(edit).result(10)
    with house.ledger.read() as conn:
        (found,) = violations(conn)
    assert (found.what, found.where) == ("case-chain", number)
    assert found.detail.startswith("entry 3 ")
    assert broken_at(house.client("olga").get(case_path).json()["history"]) == 2
