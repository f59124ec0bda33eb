-- How the records of a row of personal values are written: 0 without a nonce, 1 with one (ledger/values-record.ts).
alter table personal add column format smallint not null default 0;
