"""The cases of a group are found without reading all cases.

Revision: 0022, after 0021
"""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_cases_group_key_id", "cases", ["group_key", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_cases_group_key_id", table_name="cases")
