"""A date that says when a video came out, an account was made or a person was born is no day of views."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest

from forecasting.messages import BadInput
from forecasting.reading import Choice, Question, read_views

STUDIO = tomllib.loads(Path(__file__).with_name("headers.toml").read_text(encoding="utf-8"))["studio"]


FROM_FILE = Choice()


def by_content(header, published=None, videos=40):
    """A row a video, with its lifetime views: a video every three to five days, two on some days."""
    content, title, publication, views, total = header
    published = published or [date(2024, 1, 3) + timedelta(3 * i + i % 3) for i in range(videos)]
    rows = [[f"id{i:03}x", f"Video {i}", f"{d:%b} {d.day}, {d.year}", 9000 - 13 * i] for i, d in enumerate(published)]
    return [[content, title, publication, views], [total, "", "", sum(row[3] for row in rows)], *rows]


def refused(data, name="Table data.csv", choice=FROM_FILE):
    with pytest.raises(BadInput, match="when something came out, not when it was viewed") as refusal:
        read_views(data, name, choice)
    return str(refusal.value)


@pytest.mark.parametrize("language", STUDIO)
def test_the_table_by_content_holds_no_days_of_views(files, language):
    header = STUDIO[language]["by_content"]
    assert header[2] in refused(files.table(by_content(header)))
    daily = [date(2024, 1, 3) + timedelta(i) for i in range(40)]  # a video every day looks like a series of days
    refused(files.table(by_content(header, daily)))


@pytest.mark.parametrize("language", STUDIO)
def test_totals_of_another_metric_are_asked_about_beside_it(files, language):
    """The table by content holds views, and totals do not; the table is refused all the same."""
    totals = files.table([["Date", "Engaged views"], *zip(files.days(60), files.counts(60), strict=True)])
    data = files.zipped(
        {"Table data.csv": files.table(by_content(STUDIO[language]["by_content"])), "Totals.csv": totals}
    )
    with pytest.raises(Question, match="Engaged views") as asked:
        read_views(data, "x.zip")
    assert asked.value.asks == "metric"
    assert read_views(data, "x.zip", Choice(metric="Engaged views")).views.tolist() == files.counts(60)


WORDS = """
    published_at; publishedAt; Publish date; upload_date; Date uploaded;
    created_at; Created at; Creation date; Joined; Date joined; Registered
    on; Birthday; Last seen; Release date; Premiere; first_published;
    Posted; Hochgeladen am; Erstellungsdatum; Geburtsdatum; Beigetreten am;
    Fecha de     creación; Subido el; Data de envio; Criado em; Date de mise
    en ligne; Créé le; Date d'inscription; Data di caricamento; Creato il;
    Дата загрузки; Создано; Дата рождения; 업로드 날짜; 가입일; 생년월일; 投稿日時; 公開日;
    アップロード日; 誕生日; 发布日期; 上传时间; 创建时间; 註冊日期; 上架日期; Tanggal unggah; Dibuat pada;
    Ngày đăng; Ngày tạo; Yükleme tarihi; Oluşturulma tarihi; วันที่อัปโหลด;
    วันที่สร้าง; تاريخ الإنشاء; تاريخ الميلاد; अपलोड     की तारीख; जन्म
    तिथि; Data przesłania; Data utworzenia; Geboortedatum
"""


@pytest.mark.parametrize("word", [" ".join(word.split()) for word in WORDS.split(";")])
def test_other_words_for_dates_that_are_no_days_of_views(files, word):
    rows = [[word, "Views"], *zip(files.days(40), files.counts(40), strict=True)]
    assert word in refused(files.table(rows), "x.csv")
    beside = [
        [word, "Date", "Views"],
        *([files.days(1)[0], d, n] for d, n in zip(files.days(40), files.counts(40), strict=True)),
    ]
    assert read_views(files.table(beside), "x.csv").views.tolist() == files.counts(40)


@pytest.mark.parametrize("word", ["Wann", "когда-то", "X"])
@pytest.mark.parametrize("title", ["Name", "Что", "Title"])
def test_rows_of_different_titles_with_dates_far_apart_are_no_days(files, word, title):
    """No dictionary has the words: each row another title, on days that do not follow each other."""
    rows = by_content(("id", title, word, "Views", "Total"))
    assert word in refused(files.table(rows), "x.csv")


@pytest.mark.parametrize(
    "header", [("Date", "Title"), ("日期", "标题"), ("Datum", "Folge"), ("date", "episode"), ("Tag X", "Was")]
)
def test_a_title_a_day_is_asked(files, header):
    rows = [
        [*header, "Views"],
        *([d, f"No {i}", n] for i, (d, n) in enumerate(zip(files.days(40), files.counts(40), strict=True))),
    ]
    data = files.table(rows)
    with pytest.raises(Question, match=header[1]) as asked:
        read_views(data, "x.csv")
    assert asked.value.asks == "dated" and [value for value, _ in asked.value.options] == ["counted", "published"]
    assert read_views(data, "x.csv", Choice(dated="counted")).views.tolist() == files.counts(40)
    refused(data, "x.csv", Choice(dated="published"))


def test_a_small_table_of_videos(files):
    rows = [["a", "One", "Mar 1, 2024", 100], ["b", "Two", "Mar 2, 2024", 500], ["c", "Three", "Mar 3, 2024", 300]]
    data = files.table([["Content", "Video title", "Video publish time", "Views"], ["Total", "", "", 900], *rows])
    refused(data, "A.csv")


def test_notes_and_a_constant_title_are_no_titles(files):
    rows = list(zip(files.days(40), files.counts(40), strict=True))
    noted = [["Date", "Views", "Notes"], *([d, n, f"note {i}"] for i, (d, n) in enumerate(rows))]
    assert read_views(files.table(noted), "x.csv").views.tolist() == files.counts(40)
    alike = [["Date", "Views", "Title"], *([d, n, "Clip"] for d, n in rows)]
    assert read_views(files.table(alike), "x.csv").views.tolist() == files.counts(40)
