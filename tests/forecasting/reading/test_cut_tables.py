"""A table that holds its highest days only is not filled above what its own total row leaves."""

import numpy as np
import pytest

from forecasting.reading import Choice, read_views


def highest(files, kept, total=None, notice=None, count=60):
    """The `kept` highest of some days, the first and the last among them, with a total of all."""
    counts = [9000, *files.counts(count)[1:-1], 9000]
    rows = list(zip(files.days(count), counts, strict=True))
    best = sorted(sorted(rows, key=lambda row: -row[1])[:kept])
    total = [["Total", sum(counts) if total is None else total]]
    return best, files.table([["Date", "Views"], *total, *best, *([[notice, ""]] if notice else [])])


NOTICES = [
    "Showing top {} results", "Es werden die besten {} Ergebnisse angezeigt", "Se muestran los {} mejores resultados",
    "Affichage des {} premiers résultats", "Показаны первые {} результатов", "상위 {}개 결과 표시",
    "上位 {} 件の結果を表示",
    "显示前 {} 条结果", "Menampilkan {} hasil teratas", "Hiển thị {} kết quả hàng đầu", "İlk {} sonuç gösteriliyor",
    "แสดงผลลัพธ์ {} อันดับแรก", "عرض أفضل {} نتيجة", "टॉप {} नतीजे दिखाए जा रहे हैं",
]  # fmt: skip


@pytest.mark.parametrize("notice", NOTICES)
def test_a_notice_says_so_in_any_language(files, notice, said):
    best, data = highest(files, 40, notice=notice.format(40))
    channel = read_views(data, "Table data.csv")
    assert "cut: it says that it holds 40 rows" in said(channel)
    assert channel.views.sum() <= (sum(files.counts(60)[1:-1]) + 18_000) * 1.001
    for day, n in best:
        assert channel.views[str(day)] == n


@pytest.mark.parametrize("fill", ["same-weekday", "interpolate", "none"])
def test_what_the_total_leaves_is_shared_out(files, fill, said):
    best, data = highest(files, 40, notice="Showing top 40 results")
    channel = read_views(data, "Table data.csv", Choice(fill=fill))
    assert len(channel.views) == 60
    if fill == "none":
        assert channel.views.isna().sum() == 20
        return
    missing = [n for day, n in zip(files.days(60), files.counts(60), strict=True) if day not in dict(best)]
    filled = channel.views[channel.series.filled]
    assert filled.sum() == pytest.approx(sum(missing)) and len(filled) == 20
    assert "what the total row leaves" in said(channel)


def test_a_total_that_leaves_nothing_leaves_the_days_unknown(files, said):
    best, _ = highest(files, 40)
    _, data = highest(files, 40, total=sum(n for _, n in best), notice="Showing top 40 results")
    channel = read_views(data, "Table data.csv")
    assert channel.views.dropna().tolist() == [n for _, n in best] and channel.views.isna().any()
    assert "leaves nothing for them" in said(channel)


def test_a_small_cut_table(files, said):
    text = "Date,Views\nTotal,1480\n"
    rows = zip((1, 2, 3, 5, 6, 8, 9, 12), (200, 190, 180, 170, 200, 190, 180, 170), strict=True)
    text += "".join(f"2024-03-{day:02},{n}\n" for day, n in rows) + "Showing top 8 results,\n"
    for variant in (text, text.replace("results,", "results")):
        channel = read_views(variant.encode(), "B.csv")
        assert channel.views.sum() == 1480 and len(channel.views) == 12 and channel.views.isna().sum() == 4
        assert "it holds 8 rows" in said(channel) and "without a date" not in said(channel)


def test_without_a_total_the_days_stay_unknown(files, said):
    best, _ = highest(files, 40)
    data = files.table([["Date", "Views"], *best, ["Showing top 40 results", ""]])
    channel = read_views(data, "x.csv")
    assert channel.views.dropna().tolist() == [n for _, n in best] and "stay unknown, because the table is cut" in said(
        channel
    )


def test_500_rows_with_holes_look_cut(files, said):
    rows = list(zip(files.days(700), np.random.default_rng(3).integers(100, 9000, 700).tolist(), strict=True))
    best = sorted(sorted(rows, key=lambda row: -row[1])[:500])
    channel = read_views(files.table([["Date", "Views"], *best]), "x.csv")
    assert channel.views.dropna().tolist() == [n for _, n in best] and "looks cut" in said(channel)


def test_days_ranked_by_views_look_cut(files, said):
    best, _ = highest(files, 40)
    ranked = sorted(best, key=lambda row: -row[1])
    channel = read_views(files.table([["Date", "Views"], *ranked]), "x.csv")
    assert channel.views.dropna().tolist() == [n for _, n in best] and "looks cut" in said(channel)


def test_a_total_that_agrees_changes_nothing(files, said):
    rows = list(zip(files.days(60), files.counts(60), strict=True))
    kept = rows[:20] + rows[23:]
    plain = read_views(files.table([["Date", "Views"], *kept]), "x.csv")
    whole = sum(files.counts(60))
    channel = read_views(files.table([["Date", "Views"], ["Total", whole * 2], *kept]), "x.csv")
    assert channel.views.tolist() == plain.views.tolist()  # the total counts days before or after as well
    less = read_views(files.table([["Date", "Views"], ["Total", sum(n for _, n in kept) + 300], *kept]), "x.csv")
    assert less.views[less.series.filled].sum() == pytest.approx(300)


def test_a_total_that_disagrees_is_named(files, said):
    rows = list(zip(files.days(60), files.counts(60), strict=True))
    for total, word in ((sum(files.counts(60)), ""), (99_999, "add up to 79,170, but the total row says 99,999")):
        channel = read_views(files.table([["Date", "Views"], ["Total", total], *rows]), "x.csv")
        assert word in said(channel) and channel.views.tolist() == files.counts(60)
        assert bool(word) == ("add up" in said(channel))
