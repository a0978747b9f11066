"""The catalogue of Traditional Chinese, made from that of Simplified Chinese: what `make words` runs at its end.

    python -m pages.locale.traditional

OpenCC turns characters and the common words of the mainland into those of Taiwan. What it does not know, or takes for
another field's word, stands here: the terms of statistics and of spreadsheets as they are taught and used in Taiwan.
"""

import re

from babel.messages.catalog import Catalog
from opencc import OpenCC

from pages.locale.catalogue import LOCALE, SIMPLIFIED, read, written

TRADITIONAL = LOCALE / "zh_TW.po"
TO_TAIWAN = OpenCC("s2twp")
TERMS = {
    "“": "「",
    "”": "」",
    "函式": "函數",
    "引數": "參數",
    "箇中": "個中",
    "批次歸一化": "批次標準化",
    "歸一化": "標準化",
    "置信度": "信心程度",
    "置信": "信賴",
    "噪聲": "雜訊",
    "播放量": "觀看次數",
    "停播": "停止播出",
    "示例": "範例",
    "單元格": "儲存格",
    "控制元件": "控制項",
    "二進位制": "二進位",
    "壓縮包": "壓縮檔",
    "自定義": "自訂",
    "文本": "純文字",
    "響應": "回應",
    "通過": "透過",
    "工作簿": "活頁簿",
    "舍入": "捨入",
    "最小二乘": "最小平方法",
    "早停": "提前停止",
}
# Rows and columns have the other's name in Taiwan; these words have either character without meaning them.
NO_ROW_OR_COLUMN = "進行|執行|並行|另行|自行|命令列|列印|列表|列出|排列|序列"
SWAPPED = {"行": "列", "列": "欄"}


def traditional(text: str) -> str:
    """A text of Simplified Chinese as it is written in Taiwan.

    >>> traditional("略去了 {rows} 行没有日期的内容；请选择一列，按周进行。")
    '略去了 {rows} 列沒有日期的內容；請選擇一欄，按週進行。'
    """
    text = TO_TAIWAN.convert(text)
    text = re.sub("|".join(map(re.escape, sorted(TERMS, key=len, reverse=True))), lambda term: TERMS[term[0]], text)
    text = re.sub("播放(?!或暫停)", "觀看", text)
    text = re.sub("周(?![圍邊長])", "週", text)
    return re.sub(f"({NO_ROW_OR_COLUMN})|[行列]", lambda found: found[1] or SWAPPED[found[0]], text)


def converted(simplified: Catalog) -> Catalog:
    """The same catalogue in Traditional Chinese."""
    made = Catalog(locale="zh_TW")
    for message in simplified:
        if message.id and message.string:
            words = message.string
            said = traditional(words) if isinstance(words, str) else tuple(map(traditional, words))
            made.add(message.id, said, locations=message.locations, flags=message.flags)
    return made


if __name__ == "__main__":
    TRADITIONAL.write_text(written(converted(read(SIMPLIFIED))), encoding="utf-8")
