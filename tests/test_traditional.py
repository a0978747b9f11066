"""Traditional Chinese follows Simplified: made anew by `make words`, in the words of Taiwan."""

import pytest

from pages.locale import catalogue
from pages.locale.traditional import TRADITIONAL, converted, traditional


def test_the_catalogue_is_the_one_that_simplified_chinese_gives():
    assert TRADITIONAL.read_text("utf-8") == catalogue.written(converted(catalogue.read()))


@pytest.mark.parametrize(
    ("simplified", "taiwan"),
    [
        ("每一行有 3 列；请选择一列。", "每一列有 3 欄；請選擇一欄。"),
        ("正在进行；命令行和列表", "正在進行；命令列和列表"),
        ("四周之前，按周，周围", "四週之前，按週，周圍"),
        ("函数的参数、批量归一化、优化器", "函數的參數、批次標準化、最佳化器"),
        ("没有播放量列", "沒有觀看次數欄"),
        ("播放或暂停", "播放或暫停"),
        ("“上周同一天”", "「上週同一天」"),
        ("90 % 置信区间", "90 % 信賴區間"),
    ],
)
def test_words_of_taiwan(simplified, taiwan):
    assert traditional(simplified) == taiwan


def test_no_character_of_the_mainland_is_left():
    left = {
        word
        for word in ("数", "据", "训", "练", "预", "测", "软件", "信息", "视频")
        for message in catalogue.read(TRADITIONAL)
        if message.id and word in str(message.string)
    }
    assert left == set()
