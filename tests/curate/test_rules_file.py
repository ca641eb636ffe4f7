"""A rules file is read, or refused in one line that names the rule; and it reaches nothing outside."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from mpgi_ray.config import shipped
from mpgi_ray.curate.selection.database import sealed, spilling
from mpgi_ray.curate.selection.rules_file import read_rules
from mpgi_ray.errors import InputError, RecipeError
from support.score_tables import write_scores

NAMES = ("clip", "clip_variance", "contradicted", "clip_tokens", "words")
TEXT = {"index": 0, "key": "k", "sample_id": "i", "name": "short", "number": 0, "text": "A ship."}


@pytest.fixture
def scores(tmp_path: Path) -> str:
    scorers = {"words": "text", "clip_tokens": "text"}
    return write_scores(tmp_path / "scores", {"a": [TEXT]}, NAMES, scorers)


def rules(folder: Path, *told: dict[str, Any], **others: Any) -> str:
    path = folder / "rules.yaml"
    path.write_text(yaml.safe_dump({"rules": list(told), **others}))
    return str(path)


def test_the_shipped_example_is_a_rules_file(scores: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(scores).parent)
    (name,) = shipped("mpgi_ray.curate.selection")
    selection = read_rules(name)
    assert [rule.name for rule in selection.rules][:2] == ["false_claim", "too_long"]
    assert selection.used[2:4] == (("clip", "name"), ("clip",))
    assert selection.needed == {"clip", "contradicted", "clip_tokens"}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"drop": "clp < 0.2"}, "there is no column 'clp': did you mean 'clip'"),
        ({"drop": "clip < 0.2; DROP TABLE texts"}, "is no SQL expression: .*syntax error"),
        ({"drop": "true), (false"}, "is more than one expression"),
        ({"drop": "true) FROM texts WHERE (true"}, "is more than one expression"),
        ({"drop": "true) UNION SELECT (true"}, "is more than one expression"),
        ({"drop": "clip > (SELECT avg(clip) FROM texts)"}, "holds a subquery"),
        ({"drop": "EXISTS (FROM '/etc/passwd')"}, "holds a subquery"),
        ({"drop": "row_number() OVER () > 2"}, "holds a window"),
        ({"drop": "COLUMNS('clip') > 0"}, "holds a star"),
        ({"drop": "clip > $1"}, "holds a parameter"),
        ({"drop": "random() > 0.5"}, "random is no function of single values that always gives the same"),
        ({"drop": "max(clip) > 0.5"}, "max is no function of single values"),
        ({"drop": "getenv('HOME') = ''"}, "getenv is no function"),
        ({"drop": "texts.clip > 0"}, "there is no column 'texts.clip'"),
        ({"drop": "_tie > 0"}, "there is no column '_tie'"),
        ({"drop": "clip"}, "'clip' gives DOUBLE: expected a condition"),
        ({"drop": "clip > 'x'::DATE"}, "Cannot compare values of type DOUBLE"),
        ({"drop": "+".join(["clip"] * 380)}, "has too many parts within parts"),
        ({"drop": 3}, "drop: Input should be a valid string"),
        ({"top": 0.5, "by": "name"}, "'name' gives VARCHAR: expected a number"),
        ({"top": 0.5}, "by: Field required"),
        ({"top": 7, "by": "clip"}, "top: Input should be less than or equal to 1"),
        ({"top": 0.5, "by": "clip", "within": ["nme"]}, "there is no column 'nme': did you mean 'name'"),
        ({"texts": 2, "within": ["name"]}, "unknown key 'within': did you mean"),
        ({"pictures": 2, "per": ["name"]}, "per: Input should be 'source', 'scene', 'split' or 'shard'"),
        ({"by": "clip"}, "expected one of drop, top, distinct, texts, pictures, found by, name"),
        ({"texts": 2, "pictures": 3}, "expected one of .*, found texts and pictures"),
    ],
)
def test_a_rule_that_is_wrong_is_named(tmp_path: Path, scores: str, rule: dict[str, Any], said: str) -> None:
    path = rules(tmp_path, {"name": "fine", "texts": 2}, {"name": "bad", **rule}, scores=[scores])
    with pytest.raises(RecipeError, match=rf"rules\.yaml: rule .*'bad': .*{said}"):
        read_rules(path)


def test_files_and_scores_that_are_wrong_are_named(tmp_path: Path, scores: str) -> None:
    few = {"name": "few", "texts": 2}
    for told, others, said in (
        ((), {}, "rules: Tuple should have at least 1 item"),
        ((few, few), {}, "two rules are called 'few'"),
        (({"name": "no name", "texts": 2},), {}, "rule 1, 'no name': name: String should match"),
        ((few,), {"scors": []}, "unknown key 'scors': did you mean 'scores'"),
        (
            (few,),
            {"scores": [scores, scores]},
            f"a column clip, as {scores} have: score again with the setting",
        ),
    ):
        with pytest.raises(RecipeError, match=said):
            read_rules(rules(tmp_path, *told, **others))
    for name in ("Source", "kept"):  # what rules and the table of texts have themselves
        source = write_scores(tmp_path / name, {"a": [TEXT]}, [name])
        with pytest.raises(RecipeError, match=f"a column {name}, as every text has"):
            read_rules(rules(tmp_path, few, scores=[source]))
    (Path(source) / "summary.json").unlink()
    with pytest.raises(InputError, match=r"the scores in .* are not finished"):
        read_rules(rules(tmp_path, few, scores=[source]))
    with pytest.raises(InputError, match=r"holds no score\.json"):
        read_rules(rules(tmp_path, few, scores=[str(tmp_path)]))
    with pytest.raises(RecipeError, match="there is no rules file 'exmple': did you mean 'example'"):
        read_rules("exmple")


def test_a_sealed_database_reaches_no_file_and_no_extension(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    file = tmp_path / "secret.csv"
    nothing = [1]
    with spilling() as connection:
        connection.execute("CREATE TABLE texts (clip DOUBLE)")
        assert connection.execute(f"SELECT count(*) FROM '{file}'").fetchone() == (1,)
        sealed(connection)
        for query in (
            f"FROM '{file}'",
            f"FROM read_csv('{file}')",
            f"FROM read_text('{file}')",
            f"FROM glob('{tmp_path}/*')",
            "FROM nothing",  # a variable of Python
            "FROM 'https://example.org/a.parquet'",
            f"COPY texts TO '{tmp_path}/out.csv'",
            f"EXPORT DATABASE '{tmp_path}/out'",
            f"ATTACH '{tmp_path}/out.db'",
            "INSTALL httpfs",
            "LOAD httpfs",
            f"LOAD '{tmp_path}/own.duckdb_extension'",
            "SELECT getenv('HOME')",
            "CREATE SECRET (TYPE s3)",
            "SET enable_external_access = true",
            "SET allowed_directories = ['/']",
            f"SET temp_directory = '{tmp_path}'",
            "RESET lock_configuration",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(query).fetchall()
        assert connection.execute("SELECT count(*) FROM texts").fetchone() == (0,)
    assert nothing
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    with closing(duckdb.connect()) as other:  # the settings are those of one database alone
        assert other.execute(f"SELECT count(*) FROM '{file}'").fetchone() == (1,)
