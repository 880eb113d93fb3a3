-- Every policy that was in force is kept, so that a journal can be replayed. Those that older hubs replaced are gone.

-- +goose Up

CREATE TABLE policy_versions (
    supplier INTEGER NOT NULL REFERENCES suppliers (key),
    version  INTEGER NOT NULL,
    policy   TEXT    NOT NULL,
    PRIMARY KEY (supplier, version)
) WITHOUT ROWID;
INSERT INTO policy_versions SELECT key, policy_version, policy FROM suppliers WHERE policy IS NOT NULL;
