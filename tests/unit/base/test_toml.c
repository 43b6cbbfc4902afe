/* test_toml.c -- each test states one promise of toml.h. The oracle for whole documents is
 * Python's tomllib: what it accepts is read to the same tree here, what it refuses is refused.
 */
#include "base/toml.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/data_folder.h"
#include "support/json_text.h"

static void expect(const char *toml, const char *json) {
    vo_json *root = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_toml_parse(toml, strlen(toml), &root, &err), VO_OK, "%s\n%s", err.msg,
                 toml);
    char *text = json_text(root);
    cr_expect_str_eq(text, json, "%s\ngave %s\nnot  %s", toml, text, json);
    free(text);
    vo_json_free(root);
}

static void refuse(const char *toml, const char *says) {
    vo_json *root = (vo_json *)1;
    vo_error err = {0};
    cr_expect_eq(vo_toml_parse(toml, strlen(toml), &root, &err), VO_EINVAL, "%s", toml);
    cr_expect(strstr(err.msg, says), "\"%s\" gave \"%s\", not \"%s\"", toml, err.msg, says);
    cr_expect_eq(root, (vo_json *)1);
}

Test(toml, numbers_and_truth) {
    expect(
        "a=1\nb=-17\nc=+99\nd=1_000\ne=0xDEAD_beef\nf=0o17\ng=0b1101\nh=0",
        "{\"a\":1,\"b\":-17,\"c\":99,\"d\":1000,\"e\":3735928559,\"f\":15,\"g\":13,\"h\":0}");
}

Test(toml, floats_have_digits_on_both_sides_of_the_point) {
    expect("a = 1.5\nb = -0.01\nc = 5e+22\nd = 1e06\ne = 6.626e-34\nf = 9_224_617.445_991",
           "{\"a\":1.5,\"b\":-0.01,\"c\":5e+22,\"d\":1000000,\"e\":6.626e-34,"
           "\"f\":9224617.445991}");
    static const char *const bad[] = {".7",   "7.",   "3.e+20", "1_.0", "1._0", "1__0", "01",
                                      "-01",  "+0x1", "0X1",    "0x",   "0b2",  "1e",   "1e_1",
                                      "0x_1", "1_",   "_1",     "+",    "--1",  "1.2.3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char toml[32];
        snprintf(toml, sizeof toml, "a = %s", bad[i]);
        refuse(toml, "line 1, column 5: ");
    }
}

Test(toml, what_cannot_be_held_exactly_is_refused) {
    refuse("a = inf", "only finite");
    refuse("a = -nan", "only finite");
    refuse("a = 9007199254740993", "2^53");
    refuse("a = 0xFFFFFFFFFFFFFFFF", "2^53");
    refuse("a = 1e999", "neither a number");
    refuse("a = \"\\u0000\"", "NUL");
    refuse("a = -9007199254740992", "2^53");
    expect("a = 9007199254740991", "{\"a\":9007199254740991}");
}

Test(toml, strings_of_four_kinds) {
    expect("a = \"x\\t\\u00E9\\U0001F600\\\"\\\\\"", "{\"a\":\"x\\t\xC3\xA9\xF0\x9F\x98\x80"
                                                     "\\\"\\\\\"}");
    expect("a = 'C:\\t'", "{\"a\":\"C:\\\\t\"}");
    expect("a = \"\"\"\none \\\n   \n   two\r\nthree\"\"\"\"\"",
           "{\"a\":\"one two\\nthree\\\"\\\"\"}");
    expect("a = '''\nit''s \\n'''", "{\"a\":\"it''s \\\\n\"}");
    expect("a = \"\"\"\"\"\"\nb = ''\nc=\"\"\"\"x\"\"\"",
           "{\"a\":\"\",\"b\":\"\",\"c\":\"\\\"x\"}");
    refuse("a = \"x", "does not end");
    refuse("a = \"x\ny\"", "does not end in its line");
    refuse("a = \"\"\"x", "begun here does not end");
    refuse("a = \"\"\"x\"\"\"\"\"\"", "too many quotes");
    refuse("a = \"\\x41\"", "no such escape");
    refuse("a = \"\\uD800\"", "no character");
    refuse("a = \"\\u12\"", "4 hexadecimal digits");
    refuse("a = \"\x01\"", "control character");
    refuse("a = 1 # \x02", "control character");
    refuse("a = '\xFF'", "line 1, column 6: byte 0xFF is not UTF-8");
}

Test(toml, dates_and_times_stay_as_they_are_written) {
    expect("a = 1979-05-27T07:32:00Z\nb = 1979-05-27 00:32:00.999-07:00\nc = 1979-05-27\n"
           "d = 07:32:00\ne = 2024-02-29 # leap",
           "{\"a\":\"1979-05-27T07:32:00Z\",\"b\":\"1979-05-27 00:32:00.999-07:00\","
           "\"c\":\"1979-05-27\",\"d\":\"07:32:00\",\"e\":\"2024-02-29\"}");
    refuse("a = 2023-02-29", "neither");
    refuse("a = 2024-13-01", "neither");
    refuse("a = 25:00:00", "neither");
    refuse("a = 1979-05-27T07:32", "neither");
    refuse("a = 1979-05-27T07:32:00+25:00", "neither");
}

Test(toml, keys_and_tables) {
    expect("bare-1_ = 1\n\"q k\" = 2\n'' = 3\n2009 = 4\na . b.\"c.d\" = 5\na.e = 6",
           "{\"bare-1_\":1,\"q k\":2,\"\":3,\"2009\":4,\"a\":{\"b\":{\"c.d\":5},\"e\":6}}");
    expect("[x.y.z]\na=1\n[x]\nb=2\n[ x . w ]", "{\"x\":{\"y\":{\"z\":{\"a\":1}},\"b\":2,"
                                                "\"w\":{}}}");
    expect("[[p]]\nn=1\n[p.q]\nm=2\n[[p.r]]\n[[p.r]]\nk=3\n[[p]]",
           "{\"p\":[{\"n\":1,\"q\":{\"m\":2},\"r\":[{},{\"k\":3}]},{}]}");
    expect("a = {b = 1, c.d = [1, {e = 2},], f = {}}\n",
           "{\"a\":{\"b\":1,\"c\":{\"d\":[1,{\"e\":2}]},\"f\":{}}}");
    expect("a = [ # one\n 1,\n 2, # two\n]\nb = [[], [[16, 21]]]",
           "{\"a\":[1,2],\"b\":[[],[[16,21]]]}");
    expect("", "{}");
    expect("\xEF\xBB\xBF# only\r\n\ta = true\r\nb=false", "{\"a\":true,\"b\":false}");
}

Test(toml, a_table_is_written_in_one_place_only) {
    refuse("a = 1\na = 2", "line 2, column 1: \"a\" is given twice (before in line 1)");
    refuse("[a]\n[a]", "\"a\" was given in line 1");
    refuse("a.b = 1\n[a]", "was given");
    refuse("[a]\nb.c = 1\n[a.b]", "was given");
    refuse("[a.b]\nx=1\n[a]\nb.y = 2", "was given");
    refuse("a = {x = 1}\na.y = 2", "was given");
    refuse("a = {x = 1}\n[a.y]", "was given");
    refuse("a = {b = {x = 1}, b.y = 2}", "was given");
    refuse("a = [{x = 1}]\n[[a]]", "was given");
    refuse("a = [{x = 1}]\n[a.b]", "was given");
    refuse("[[a]]\n[a]", "was given");
    refuse("[a]\n[[a]]", "was given");
    refuse("[a.b]\n[[a]]", "was given");
    refuse("a = 1\na.b = 2", "was given");
    refuse("a = 1\n[a]", "was given");
    refuse("[[a.b]]\n[a]\nb.y = 2", "was given");
}

Test(toml, refuses_broken_lines_with_the_place) {
    refuse("a", "line 1, column 2: = must follow");
    refuse("= 1", "a key must stand here");
    refuse("a. = 1", "a key must stand here");
    refuse("a =", "a value is missing");
    refuse("a = 1 b = 2", "nothing more may stand");
    refuse("\n\na = x", "line 3, column 5");
    refuse("a = [1 2]", ", or ] must");
    refuse("a = [1,,2]", "value is missing");
    refuse("a = {b = 1,}", "a key must stand here");
    refuse("a = {b = 1\n}", "in the same line");
    refuse("[a", "] must end the header");
    refuse("[]", "a key must stand here");
    refuse("[[a]", "]] must end");
    refuse("[ [a]]", "a key must stand here");
    refuse("a = 1\rb = 2", "nothing more");
    refuse("a = True", "neither");
    char deep[300] = "a = ";
    memset(deep + 4, '[', 100);
    memset(deep + 104, ']', 100);
    refuse(deep, "nested more than 64 deep");
    vo_json *root = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_toml_parse("", ((size_t)16 << 20) + 1, &root, &err), VO_EINVAL);
}

/* ---- against tomllib --------------------------------------------------------- */

#define N_DOCUMENTS 3000

static const char ORACLE[] =
    "import sys, json, math, tomllib\n"
    "def check(v, depth=0):\n"
    "    if depth > 64: raise ValueError('deep')\n"
    "    if isinstance(v, dict):\n"
    "        for k, x in v.items():\n"
    "            check(x, depth + 1)\n"
    "            if '\\0' in k: raise ValueError('NUL')\n"
    "    elif isinstance(v, list):\n"
    "        for x in v: check(x, depth + 1)\n"
    "    elif isinstance(v, str) and '\\0' in v: raise ValueError('NUL')\n"
    "    elif isinstance(v, float) and not math.isfinite(v): raise ValueError('inf')\n"
    "    elif isinstance(v, int) and abs(v) >= 2**53: raise ValueError('big')\n"
    "for i in range(int(sys.argv[2])):\n"
    "    name = f'{sys.argv[1]}/{i}'\n"
    "    try:\n"
    "        v = tomllib.loads(open(name, 'rb').read().decode('utf-8'))\n"
    "        check(v)\n"
    "        text = json.dumps(v, default=lambda d: d.isoformat())\n"
    "    except (ValueError, RecursionError):\n"
    "        text = ''\n"
    "    open(name + '.json', 'w').write(text)\n";

typedef struct {
    char text[4096];
    size_t len;
} document;

static void put(document *d, const char *s) {
    const size_t n = strlen(s);
    if (d->len + n >= sizeof d->text) return;
    memcpy(d->text + d->len, s, n + 1);
    d->len += n;
}

#define PICK(r, list) ((list)[vo_random_below((r), sizeof(list) / sizeof *(list))])

static void put_key(document *d, vo_random *r) {
    static const char *const part[] = {"a",  "b",           "c", "d-e", "\"f g\"", "'h'",
                                       "12", "\"\\u00e9\"", "i", "x_y", "\"\"",    "long"};
    for (uint64_t n = 1 + vo_random_below(r, 5) / 3; n > 0; n--) {
        put(d, PICK(r, part));
        if (n > 1) put(d, vo_random_below(r, 4) ? "." : " . ");
    }
}

static void put_value(document *d, vo_random *r, int depth) {
    static const char *const scalar[] = {"1",
                                         "-20",
                                         "3.25",
                                         "1e3",
                                         "0xFf",
                                         "0o7",
                                         "0b1",
                                         "1_000.5",
                                         "true",
                                         "false",
                                         "\"t\\n\"",
                                         "'x'",
                                         "''",
                                         "\"\"",
                                         "\"\"\"\nq\"\"\"",
                                         "'''w'''",
                                         "1979-05-27",
                                         "07:32:00",
                                         "1979-05-27T07:32:00",
                                         "1979-05-27T07:32:00+01:00"};
    const uint64_t kind = vo_random_below(r, depth > 0 ? 6 : 4);
    if (kind < 4) {
        put(d, PICK(r, scalar));
        return;
    }
    put(d, kind == 4 ? "[" : "{");
    const uint64_t n = vo_random_below(r, 4);
    for (uint64_t i = 0; i < n; i++) {
        if (i > 0) put(d, kind == 4 && vo_random_below(r, 3) == 0 ? ",\n" : ", ");
        if (kind == 5) {
            put_key(d, r);
            put(d, " = ");
        }
        put_value(d, r, depth - 1);
    }
    put(d, kind == 4 ? "]" : "}");
}

/* A document of a few statements; every second one has some characters changed, so that about
 * half of all are refused. */
static void make_document(document *d, vo_random *r, bool damaged) {
    static const char change[] = "\"'[]{}=.,#\n\\ \t_-+0123456789eEabxou:TZ\r\x01";
    *d = (document){.len = 0};
    for (uint64_t n = vo_random_below(r, 7); n > 0; n--) {
        const uint64_t kind = vo_random_below(r, 6);
        if (kind == 0) {
            put(d, "[");
            put_key(d, r);
            put(d, "]");
        } else if (kind == 1) {
            put(d, "[[");
            put_key(d, r);
            put(d, "]]");
        } else {
            put_key(d, r);
            put(d, " = ");
            put_value(d, r, 3);
        }
        put(d, vo_random_below(r, 4) ? "\n" : " # note\r\n");
    }
    for (uint64_t n = damaged && d->len ? 1 + vo_random_below(r, 2) : 0; n > 0; n--)
        d->text[vo_random_below(r, d->len)] = change[vo_random_below(r, sizeof change - 1)];
}

static void save(const char *folder, int i, const document *d) {
    char path[DATA_PATH + 32];
    snprintf(path, sizeof path, "%s/%d", folder, i);
    FILE *f = fopen(path, "wb");
    cr_assert(f);
    fwrite(d->text, 1, d->len, f);
    fclose(f);
}

static size_t read_answer(const char *folder, int i, char *text, size_t size) {
    char path[DATA_PATH + 32];
    snprintf(path, sizeof path, "%s/%d.json", folder, i);
    FILE *f = fopen(path, "rb");
    cr_assert(f, "%s", path);
    const size_t n = fread(text, 1, size - 1, f);
    text[n] = '\0';
    fclose(f);
    return n;
}

static bool compare_one(const document *d, const char *answer, size_t answer_len) {
    vo_json *ours = NULL, *theirs = NULL;
    vo_error err = {0};
    const vo_status st = vo_toml_parse(d->text, d->len, &ours, &err);
    cr_assert((st == VO_OK) == (answer_len > 0), "tomllib %s, we say \"%s\":\n%s",
              answer_len ? "accepts" : "refuses", err.msg, d->text);
    if (st != VO_OK) return false;
    cr_assert_eq(vo_json_parse(answer, answer_len, &theirs, &err), VO_OK, "%s", err.msg);
    char *a = json_text(ours), *b = json_text(theirs);
    cr_assert_str_eq(a, b, "%s\nours %s\nnot  %s", d->text, a, b);
    free(a);
    free(b);
    vo_json_free(ours);
    vo_json_free(theirs);
    return true;
}

Test(toml, agrees_with_tomllib_on_thousands_of_documents, .timeout = 120) {
    if (system("python3 -c 'import tomllib' 2>/dev/null") != 0)
        cr_skip_test("no python3 with tomllib (3.11 or later) here: nothing to compare with");
    char folder[DATA_PATH], command[3 * DATA_PATH], script[DATA_PATH + 32], answer[65536];
    cr_assert(temporary_folder(folder));
    snprintf(script, sizeof script, "%s/oracle.py", folder);
    FILE *f = fopen(script, "w");
    cr_assert(f);
    fputs(ORACLE, f);
    fclose(f);
    static document documents[N_DOCUMENTS];
    vo_random r = vo_random_seed(19790527, 0);
    for (int i = 0; i < N_DOCUMENTS; i++) {
        make_document(&documents[i], &r, i % 2);
        save(folder, i, &documents[i]);
    }
    snprintf(command, sizeof command, "python3 '%s' '%s' %d", script, folder, N_DOCUMENTS);
    cr_assert_eq(system(command), 0);
    int accepted = 0;
    for (int i = 0; i < N_DOCUMENTS; i++)
        accepted +=
            compare_one(&documents[i], answer, read_answer(folder, i, answer, sizeof answer));
    temporary_folder_remove(folder);
    cr_assert(accepted > N_DOCUMENTS / 5 && accepted < N_DOCUMENTS * 4 / 5,
              "%d of %d accepted: the documents do not try both sides", accepted, N_DOCUMENTS);
}
