"""The words that exports use for their columns, rows and files, in English, both Chinese scripts and Japanese."""

import re
import unicodedata


def plain(word: str) -> str:
    """A header as it is compared: composed, half-width, lower case, single spaces for underscores and runs."""
    word = unicodedata.normalize("NFKC", word).casefold().strip(" \t\r\n\"'\ufeff:")
    return re.sub(r"[\s_]+", " ", word)


def _list(text: str) -> list[str]:
    return [plain(word) for word in text.split(";")]


DATE = _list("""
    date; day; ds; timestamp; time; datetime; week; month; date (utc); date time; 日期; 日付; 时间; 時間; 日時; 天;
    日; 发布日期; 統計日期; 统计日期; fecha; datum; data; дата
""")
HOUR = _list("""
    hour; hour of day; hour index; time; time of day; 时间; 時間; 時刻; 小时; 小時; 時; 时
""")
VIEWS = _list("""
    views; view; view count; viewcount; views count; video views; total views; daily views; daily view count;
    page views; pageviews; page view; pageview; screen page views; 观看次数; 觀看次數; 观看量; 觀看量; 視聴回数;
    再生回数; 再生数; 播放量; 播放次数; 播放次數; 播放数; 播放數; 瀏覽量; 浏览量; 浏览次数; 瀏覽次數; 点阅量;
    點閱量; ページビュー数; ページビュー; 表示回数(pv); pv
""")
NEUTRAL = _list("""
    y; value; values; count; counts; target; 数值; 數值; 数量; 數量; 値; 值
""")
# Counts and rates that look like views and are not. A column of another name may be a channel's.
OTHER = _list("""
    engaged views; エンゲージ ビュー; 互动观看次数; 參與觀看次數; users; active users; new users; total users;
    sessions; visits; visitors; unique visitors; unique pageviews; unique views; clicks; impressions; ctr;
    position; average position; impressions click-through rate (%); likes; dislikes; comments; shares;
    comments added; hits; downloads; subscribers; subscribers gained; subscribers lost; new viewers;
    returning viewers; unique viewers; viewers; watch time (hours); watch time; watch time (minutes);
    average view duration; average percentage viewed (%); average percentage viewed; revenue; estimated revenue;
    estimated revenue (usd); event count; events; key events; conversions; engagement rate; bounce rate; bandwidth;
    sales; orders; rpm; cpm; 点击次数; 點擊次數; 点击; 點擊; 展示; 展示次数; 曝光; 曝光次數; 曝光次数; 点击率;
    點擊率; 排名; 訂閱人數; 订阅者; 订阅人数; 訂閱者; 平均观看时长; 平均觀看時間長度; 新观众; 新觀眾; 用户; 用户数;
    使用者; 观看时长(小时); 觀看時間(小時); 点赞; 点赞数; 评论; 评论数; 弹幕; 弹幕数; 收藏; 收藏数; 硬币; 投币;
    分享; 分享数; 粉丝数; クリック数; 表示回数; 掲載順位; 平均視聴時間; チャンネル登録者; チャンネル登録者数;
    新しい視聴者; ユーザー; 総再生時間(時間); 高評価
""")
# Columns that name the series of a long table, the most readable first.
KEY = _list("""
    video title; 影片標題; 视频标题; 動画のタイトル; 标题; 標題; title; unique_id; series; channel; 频道; 頻道;
    content; 內容; 内容; コンテンツ; id
""")
IDENTIFIER = _list("""
    unique_id; id; series; series id; item; item id; store; index; nth day; row; #; no; no.; 序号; 序號
""")
TOTAL = _list("""
    total; totals; grand total; sum; 總計; 总计; 合計; 合计; 总和; 總和; 計; gesamt; summe; totaal
""")
UNKNOWN = _list("""
    ; -; --; ---; –; —; n/a; na; nan; null; none; nil; #n/a; ?; .; 无; 無; なし; (other); not set
""")

# File names without suffix, the most wanted table first.
FILES = (
    {"totals", "總計", "总计", "合計"},
    {"dates", "日期", "日付"},
    {"chart", "图表", "圖表", "グラフ"},
    {"table data", "表格資料", "表格数据", "表データ"},
    {"chart data", "圖表資料", "图表数据", "グラフデータ"},
)


def is_date(word: str) -> bool:
    return plain(word) in DATE


def is_views(word: str) -> bool:
    return plain(word) in VIEWS


def is_neutral(word: str) -> bool:
    return plain(word) in NEUTRAL


def is_other_metric(word: str) -> bool:
    """Whether a header is known to count or measure something that is not views."""
    word = plain(word)
    return word in OTHER or word.endswith(("(%)", " %", " rate", "率")) or word.startswith(("average ", "avg ", "平均"))


def is_average(word: str) -> bool:
    """Whether a header names something that cannot be added up."""
    word = plain(word)
    named = word in {"position", "ctr", "排名", "掲載順位"}
    return named or word.startswith(("average ", "avg ", "平均")) or "rate" in word.split() or "率" in word


def is_hour(word: str) -> bool:
    return plain(word) in HOUR


def is_identifier(word: str) -> bool:
    return plain(word) in IDENTIFIER


def is_total(word: str) -> bool:
    return plain(word) in TOTAL


def is_unknown(word: str) -> bool:
    return plain(word) in UNKNOWN


def is_key(word: str) -> bool:
    """Whether a column of this name says which channel or video a row is of."""
    return plain(word) in KEY


def key_rank(word: str) -> int:
    word = plain(word)
    return KEY.index(word) if word in KEY else len(KEY)


def file_rank(name: str) -> int:
    """How much a file of this name is wanted: 0 most."""
    stem = plain(name.rsplit(".", 1)[0])
    return next((rank for rank, stems in enumerate(FILES) if stem in stems), len(FILES))


def is_known(word: str) -> bool:
    return is_date(word) or is_views(word) or is_other_metric(word) or is_total(word)
