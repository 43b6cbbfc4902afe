/* Parquet and Arrow of a year of real prices, read by pyarrow and by DuckDB's Python module where
 * they are here, and compared row by row with the CSV of the same request. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "port/file.h"
#include "support/data_folder.h"

static const char script[] =
    "import csv, datetime, sys\n"
    "folder, module = sys.argv[1:3]\n"
    "rows = list(csv.reader(open(folder + '/a.csv', newline='')))\n"
    "head, rows = rows[0], rows[1:]\n"
    "stamps = [int(datetime.datetime.fromisoformat(r[0]).timestamp()) for r in rows]\n"
    "want = {h: [float(r[i]) if r[i] else None for r in rows] for i, h in enumerate(head) if "
    "i}\n"
    "def check(name, names, stamp, columns):\n"
    "    assert list(names) == head, (name, names)\n"
    "    assert stamp == stamps, name\n"
    "    for h in head[1:]: assert columns[h] == want[h], (name, h)\n"
    "if module == 'pyarrow':\n"
    "    import pyarrow, pyarrow.ipc\n"
    "    t = pyarrow.ipc.open_stream(open(folder + '/a.arrow', 'rb')).read_all()\n"
    "    t.validate(full=True)\n"
    "    assert t.schema.field(0).type == pyarrow.timestamp('ms', 'UTC'), t.schema\n"
    "    assert t.schema.metadata[b'tz'] == b'America/Mexico_City', t.schema\n"
    "    seconds = t.column(0).cast(pyarrow.int64()).to_pylist()\n"
    "    check('arrow', t.column_names, [s // 1000 for s in seconds], t.to_pydict())\n"
    "    import pyarrow.parquet\n"
    "    t = pyarrow.parquet.read_table(folder + '/a.parquet')\n"
    "    seconds = t.column(0).cast(pyarrow.int64()).to_pylist()\n"
    "    check('parquet', t.column_names, [s // 1000000 for s in seconds], t.to_pydict())\n"
    "else:\n"
    "    import duckdb\n"
    "    d = duckdb.sql(\"select epoch(timestamp)::bigint, * exclude (timestamp) from "
    "read_parquet('\" + folder + \"/a.parquet')\")\n"
    "    got = list(zip(*d.fetchall()))\n"
    "    columns = {h: list(v) for h, v in zip(head[1:], got[1:])}\n"
    "    check('parquet', ['timestamp'] + d.columns[1:], list(got[0]), columns)\n"
    "print(len(rows))\n";

static void fetch(vo_engine *e, const char *folder, const char *format) {
    char request[300], path[1200];
    vo_document d = {0};
    vo_error err = {0};
    snprintf(request, sizeof request,
             "{\"market\": \"MEM\", \"process\": \"MDA\", \"node\": \"APATZINGAN\", \"from\": "
             "\"2016-02-01\", \"to\": \"2017-01-31\", \"format\": \"%s\"}",
             format);
    cr_assert_eq(vo_engine_prices(e, request, &d, &err), VO_OK, "%s", err.msg);
    snprintf(path, sizeof path, "%s/a.%s", folder, format);
    cr_assert_eq(vo_file_write(path, d.bytes, d.len, NULL), VO_OK);
    vo_document_fini(&d);
}

static void compare(const char *module) {
    char folder[DATA_PATH], file[DATA_PATH], lake[DATA_PATH + 16], path[DATA_PATH + 16];
    char command[5 * DATA_PATH], *answer = NULL;
    vo_engine *e = NULL;
    vo_error err = {0};
    snprintf(command, sizeof command, "python3 -c 'import %s' 2>/dev/null", module);
    if (system(command) != 0) cr_skip_test("no python3 with %s here", module);
    if (!data_path("mx_cenace_pml/apatzingan_mda_mtr.csv", file))
        cr_skip_test("real data is not here: %s (set VOLTEO_DATA)", file);
    cr_assert(temporary_folder(folder));
    snprintf(lake, sizeof lake, "%.1000s/lake", folder);
    snprintf(path, sizeof path, "%.1000s/read.py", folder);
    vo_engine_options o = vo_engine_options_default();
    o.lake = lake;
    o.allow_files = 1;
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
    snprintf(command, sizeof command, "{\"file\": \"%s\"}", file);
    cr_assert_eq(vo_engine_data_import(e, command, &answer, &err), VO_OK, "%s", err.msg);
    vo_text_free(answer);
    fetch(e, folder, "csv");
    fetch(e, folder, "parquet");
    fetch(e, folder, "arrow");
    vo_engine_close(e);
    cr_assert_eq(vo_file_write(path, script, strlen(script), NULL), VO_OK);
    snprintf(command, sizeof command, "python3 '%s' '%s' %s >'%s/rows'", path, folder, module,
             folder);
    cr_expect_eq(system(command), 0, "%s does not read what was written", module);
    snprintf(path, sizeof path, "%.1000s/rows", folder);
    size_t len = 0;
    cr_assert_eq(vo_file_read(path, 100, &answer, &len, NULL), VO_OK);
    cr_expect_str_eq(answer, "8784\n");
    free(answer);
    temporary_folder_remove(folder);
}

Test(price_formats, pyarrow_reads_streams_and_parquet_as_the_csv_says) { compare("pyarrow"); }

Test(price_formats, duckdb_reads_parquet_as_the_csv_says) { compare("duckdb"); }
