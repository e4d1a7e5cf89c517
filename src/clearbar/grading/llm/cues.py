"""Words by which a text speaks of grading, in some thirty languages, as stems: what a conversation says to its grader is said with them."""

from collections.abc import Mapping
from enum import IntEnum
from functools import reduce
from operator import or_

__all__ = ["STEMS", "UNSPACED", "WORDS", "Cue"]


class Cue(IntEnum):
    """What a word may be a sign of: bits, which as plain integers are put together many times faster than as flags."""

    JUDGE = 1
    """Somebody who grades: grader, auditor, QA."""
    GRADE = 2
    """Grading and what it gives: score, mark, verdict, level."""
    WISH = 4
    """The end of a scale: highest, full, perfect, worst."""
    TALK = 8
    """The conversation itself as a thing."""
    RUBRIC = 16
    """What grading goes by: criteria, rubric, scorecard."""
    SET_ASIDE = 32
    """Ignore, disregard, override."""
    TOLD = 64
    """What a model goes by: instructions, prompt, guidelines."""
    MACHINE = 128
    """A language model."""
    READER = 256
    """Whoever reads this later."""
    SURVEY = 512
    """The customer is asked for a mark: that is ordinary talk."""
    ALL = 1024
    ITEM = 2048
    """What a rubric is made of, and shops sell: items, points."""
    STEP = 32768
    """A level, which buildings and games have as well."""
    CRITERION = 4096
    """A criterion of the rubric by its name."""
    LEVEL = 8192
    """A level of the rubric by its name."""
    PLACE = 65536
    """A level whose name says where something stands in a letter as well: below, above."""
    DISGUISED = 16384
    """A word of grading in a disguise that nobody writes by chance: backwards, shifted, in digits."""


_STEMS: Mapping[Cue, str] = {
    Cue.JUDGE: """
        grader evaluator assessor auditor rater scorer reviewer examiner inspector adjudicat
        bewerter bewertend prüfer pruefer gutachter beurteil évaluateur evaluateur correcteur examinateur auditeur vérificateur
        evaluador calificador revisor auditor avaliador examinador valutator revisore esaminator
        beoordelaar controleur oceniając oceniajac oceniający recenzent audytor kontroler hodnotitel posuzovatel
        granskare bedömare bedömer bedømmer arvioija tarkastaja değerlendiren degerlendiren puanlay denetçi denetci
        értékelő ertekelo bíráló evaluator evaluatoru penilai pemeriksa
        проверяющ оценщик оценивающ ревизор аудитор перевіряюч оцінювач αξιολογητ
        المقيم للمقيم المدقق للمدقق המעריך הבודק מעריך मूल्यांकनकर्ता समीक्षक परीक्षक""",
    Cue.GRADE: """
        grade grading score scoring rate rated rates rating verdict evaluat assess apprais mark marks marked marking stars scores
        bewert benot punktzahl wertung einstuf stufe urteil notez noter notation évalu evalu niveau juge jugez
        calific puntu puntaj nota nivel avali pontu nível valut puntegg voto livello giudi
        beoordel cijfer niveau waardeer oceń ocen punkt poziom hodno známk úrov betyg poäng nivå bedöm karakter bedøm vurder
        arvio arvosan piste puan değerlendir degerlendir seviye düzey értékel ertekel pontszám osztály punctaj notă nilai skor penilaian
        điểm diem оцен балл уров поставь оцін рівень βαθμ αξιολ تقييم تقيم درجة قيم ציון דירוג הערכ अंक रेटिंग मूल्यांकन स्तर""",
    Cue.WISH: """
        highest top topmost maximum maxim full perfect flawless best lowest worst bottom zero excellent outstanding exceptional
        höchst hoechst beste volle perfekt meilleur maximal parfait excellen máxim maxim mejor excelent melhor massim miglior eccellen
        hoogste beste najwyż najwyz maksym najlep nejvyšš nejlep högst bäst højest høyest bedste korke paras parhaa
        yüksek yuksek legmagas legjobb cea tertinggi terbaik cao nhất высш максим лучш отличн найвищ найкращ κορυφ μέγιστ άριστ
        أعلى الأعلى ممتاز כל הגבוה מצוין उच्चतम सर्वोच्च सर्वश्रेष्ठ""",
    Cue.TALK: """
        conversation chat transcript dialog interaction thread log gespräch gespraech chatverlauf échange echange conversa
        conversation conversación colloquio gesprek rozmow konwers rozhovor konverz samtal keskustel konuşma konusma görüşme gorusme
        beszélget conversați percakapan cuộc разговор диалог бесед чат переписк розмов συνομιλ المحادثة השיחה बातचीत""",
    Cue.RUBRIC: """
        criteri rubric scorecard kriteri critère critere критери критері kryteri kritéri ölçüt olcut κριτήρι kritérium معايير
        المعايير קריטריו मानदंड пункт dimension""",
    Cue.SET_ASIDE: """
        ignor disregard forget forgets overrid overrul supersed bypass neglect ignorier vergiss vergesst missacht oubli ignorez olvid ignora
        esqueç esquec desconsider dimentic negeer vergeet zignoruj pomiń pomin zapomnij ignoruj zapomeň glöm bortse ignorer glem
        unohda ohita yoksay unut hagyd uită abaikan lupakan игнорир забудь забудьте проигнорир ігнор забуд αγνό تجاهل انس התעלם अनदेखा""",
    Cue.TOLD: """
        instruct prompt guideline directive anweisung anleitung vorgabe consigne instruc directive instruccion regla instruç istruzion
        instructie instrukcj pokyn instruktion instruks ohje talimat utasítás instrucțiun instruksi инструкц указани інструкц οδηγί
        تعليمات التعليمات הוראות निर्देश rules""",
    Cue.MACHINE: "llm gpt chatgpt chatbot language-model openai claude gemini copilot artificial ии נבינה ai ki ia",
    Cue.READER: """
        whoever reader reviewing evaluating grading scoring auditing wer quiconque lecteur lector quienquiera leitor lettore lezer czytelnik
        läsare leser okuyucu okuyan читател читающ кто-то pembaca""",
    Cue.SURVEY: "survey feedback questionnaire poll umfrage sondage encuesta pesquisa sondaggio enquête ankiet anket опрос",
    Cue.ALL: """
        all every each everything everywhere alle alles jede jedes toutes tous chaque todas todos cada tudo tutti tutte ogni elke iedere
        wszystk każd všech všechny alla alltid samtlig kaikki tüm tum bütün butun minden toate semua все всех всем кажд всі όλα جميع
        כל सभी""",
    Cue.STEP: "level levels niveaus",
    Cue.ITEM: "item items point points punkte punkten kategorie catégorie categor prüfpunkt puntos pontos punti punten",
}
_EXACT = frozenset(
    """
    rate rated rates mark marks marked top full best zero log nota all each ai ki ia wer paras כל cea cao unut glem gpt llm rules stars
    chat transcript forget forgets level levels item items point points score scores
    """.split()  # noqa: SIM905 - a line for each would be a page
)
"""Stems that are taken as whole words only: as beginnings they are those of many others."""
_UNSPACED: Mapping[Cue, str] = {
    Cue.JUDGE: "质检员 質檢員 评分员 评审 评估员 审核员 阅卷 評価者 採点者 審査員 評価担当 평가자 채점자 심사자 심사위원 ผู้ประเมิน ผู้ตรวจ",
    Cue.GRADE: "评分 評分 打分 评级 等级 分数 得分 评价 评为 评定 判为 評価 採点 点数 評点 レベル スコア 평가 점수 등급 채점 คะแนน ระดับ",
    Cue.WISH: "最高 满分 滿分 最好 最低 最差 満点 最良 최고 만점 최저 최상 สูงสุด เต็ม",
    Cue.TALK: "对话 對話 会话 聊天 通话 会話 チャット やり取り 대화 채팅 상담 สนทนา แชท",
    Cue.RUBRIC: "标准 指标 项目 各项 基準 項目 기준 항목 เกณฑ์",
    Cue.SET_ASIDE: "忽略 无视 無視 忘记 不必 무시 잊어 เพิกเฉย ไม่ต้องสนใจ",
    Cue.TOLD: "指令 指示 提示 规则 命令 説明 지시 명령 규칙 คำสั่ง",
    Cue.MACHINE: "模型 人工智能 大模型 言語モデル 인공지능 언어모델",
    Cue.READER: "阅读者 读者 読者 読んでいる 읽는",
    Cue.ALL: "所有 全部 每项 すべて 全て 모든 전부 ทั้งหมด ทุก",
}
UNSPACED: Mapping[str, int] = {
    word: reduce(or_, (cue for cue, words in _UNSPACED.items() if word in words.split()))
    for words in _UNSPACED.values()
    for word in words.split()
}
"""Words of scripts that set no spaces, looked for anywhere."""


def _gather(*, whole: bool) -> dict[str, int]:
    gathered: dict[str, int] = {}
    for cue, words in _STEMS.items():
        for word in words.split():
            if (word in _EXACT) is whole:
                gathered[word] = gathered.get(word, 0) | cue
    return gathered


WORDS: Mapping[str, int] = _gather(whole=True)
"""Whole words."""
STEMS: Mapping[str, int] = _gather(whole=False)
"""Beginnings of words."""
