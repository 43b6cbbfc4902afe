/* simulate.c -- see simulate.h: read, open, play, write. */
#include "engine/simulate.h"

#include "engine/simulate_answer.h"

vo_status vo_simulate_check(const vo_engine_options *o, const char *request, vo_error *err) {
    vo_engine_options later = *o; /* when nobody waits */
    vo_simulate_case c;
    later.at_once = 0;
    vo_status s = vo_simulate_case_read(&later, request, &c, err);
    if (s != VO_OK) return s;
    s = vo_simulate_case_check_names(&c, err);
    vo_simulate_case_close(&c);
    return s;
}

vo_status vo_simulate_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                          vo_error *err) {
    vo_simulate_case c;
    vo_simulate_runs runs = {0};
    vo_simulate_book book = {0};
    vo_status s = vo_simulate_case_read(o, request, &c, err);
    if (s != VO_OK) return s;
    s = vo_simulate_case_open(&c, err);
    if (s == VO_OK) s = vo_simulate_book_init(&c, &book, err);
    if (s == VO_OK) s = vo_simulate_runs_make(&c, vo_simulate_book_tell, &book, &runs, err);
    if (s == VO_OK && book.tables) s = vo_simulate_tables_finish(book.tables, &c, &runs, err);
    if (s == VO_OK) s = vo_simulate_answer(&c, &runs, &book, w, err);
    vo_simulate_runs_fini(&runs);
    vo_simulate_book_fini(&book);
    vo_simulate_case_close(&c);
    return s;
}
