"""What level have file, network and database actions, from their payload alone?"""

from __future__ import annotations

import pytest

from maestro.policy.classify import classify
from maestro.policy.loading import shipped_policy
from maestro_contracts.proposals import FileDelete, FileRead, FileWrite, Http, Proposal, Sql
from tests.policy import cases
from tests.policy.cases import Case


def of_level(*tables: tuple[int, list[Case]]) -> list[tuple[int, Case]]:
    return [(level, case) for level, table in tables for case in table]


def expect(level: int, proposal: Proposal) -> None:
    judged = classify(proposal, shipped_policy())
    assert level == judged.level, (judged.rules, judged.effects)


@pytest.mark.parametrize(("level", "case"), of_level((1, cases.WRITES_1), (2, cases.WRITES_2), (3, cases.WRITES_3)))
def test_a_write_has_the_level_of_its_path_and_its_content(level: int, case: Case) -> None:
    expect(level, FileWrite(*case))


@pytest.mark.parametrize(("level", "case"), of_level((1, cases.READS_1), (3, cases.READS_3)))
def test_reading_is_level_1_but_for_credentials_and_personal_data(level: int, case: Case) -> None:
    expect(level, FileRead(*case))


@pytest.mark.parametrize(("level", "case"), of_level((2, cases.DELETES_2), (3, cases.DELETES_3)))
def test_deleting_is_asked_and_what_cannot_come_back_needs_a_person(level: int, case: Case) -> None:
    expect(level, FileDelete(case[0], is_dir=case[1] == "dir"))


@pytest.mark.parametrize(
    ("level", "case"), of_level((1, cases.REQUESTS_1), (2, cases.REQUESTS_2), (3, cases.REQUESTS_3))
)
def test_a_request_has_the_level_of_host_path_and_what_it_sends(level: int, case: Case) -> None:
    method, url, body = case
    expect(level, Http(url, method, body))


@pytest.mark.parametrize(
    ("level", "case"), of_level((1, cases.STATEMENTS_1), (2, cases.STATEMENTS_2), (3, cases.STATEMENTS_3))
)
def test_sql_has_the_level_of_its_gravest_statement(level: int, case: Case) -> None:
    expect(level, Sql(*case))


def test_what_is_harmless_in_a_test_database_is_not_in_production() -> None:
    expect(2, Sql("INSERT INTO posts VALUES (1)", database="shop_dev"))
    expect(3, Sql("INSERT INTO posts VALUES (1)", database="postgres://db.prod.internal/shop"))
    expect(1, Sql("SELECT id FROM posts"))
    expect(2, Sql("SELECT id FROM posts", database="production"))


def test_a_manifest_is_judged_by_its_difference_where_the_file_is_known() -> None:
    before = '{\n  "name": "x",\n  "dependencies": {\n    "a": "^1"\n  }\n}\n'

    expect(1, FileWrite("package.json", before.replace('"x"', '"y"'), before))
    expect(2, FileWrite("package.json", before.replace("^1", "^2"), before))
    expect(2, FileWrite("package.json", '{"dependencies":{"a":"^1","b":"*"}}', before))
    expect(1, FileWrite("package.json", '{"name":"x","dependencies":{"a":"^1"},"devDependencies":{"b":"*"}}', before))


def test_a_text_that_only_looks_like_a_diff_hides_nothing() -> None:
    expect(3, FileWrite("src/run.py", "+1\nexec(base64.b64decode('aW1wb3J0IG9z'))\n"))
    expect(3, FileWrite("src/keys.py", "@@\n API_KEY = 'sk-live-9f8e7d6c5b4a39281706'\n"))


def test_a_secrets_value_stands_nowhere_in_the_classification() -> None:
    secret = "sk-live-9f8e7d6c5b4a39281706"

    for proposal in (
        FileWrite("src/a.py", f"API_KEY = '{secret}'\n"),
        Http(f"https://user:{secret}@example.com/?token={secret}", "POST", f"token={secret}"),
        Sql(f"CREATE USER bob WITH PASSWORD '{secret}'"),
    ):
        judged = classify(proposal, shipped_policy())
        assert judged.level == 3
        assert secret not in repr(judged)
