/* The doctor finds this machine well, and a lake that cannot be written ill. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "engine/doctor.h"

static vo_json *examine(const char *lake) {
    vo_engine_options o = vo_engine_options_default();
    o.lake = lake;
    vo_json_out *w = NULL;
    vo_json *root = NULL;
    vo_error err = {0};
    char *text = NULL;
    size_t len = 0;
    cr_assert_eq(vo_json_out_create(&w, &err), VO_OK);
    cr_assert_eq(vo_doctor_run(&o, "{}", w, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_out_take(w, &text, &len, &err), VO_OK);
    cr_assert_eq(vo_json_parse(text, len, &root, &err), VO_OK);
    free(text);
    vo_json_out_free(w);
    return root;
}

static const vo_json *check_of(const vo_json *r, const char *name) {
    const vo_json *list = vo_json_get(r, "checks");
    for (size_t i = 0; i < vo_json_size(list); i++)
        if (strcmp(vo_json_string(vo_json_get(vo_json_at(list, i), "name")), name) == 0)
            return vo_json_at(list, i);
    return NULL;
}

Test(doctor, a_machine_that_runs_these_tests_is_well) {
    vo_json *r = examine(VOLTEO_BINARY_DIR "/tests/lake_doctor");
    const vo_json *list = vo_json_get(r, "checks");
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *c = vo_json_at(list, i);
        cr_expect(vo_json_bool(vo_json_get(c, "ok")), "%s: %s",
                  vo_json_string(vo_json_get(c, "name")),
                  vo_json_string(vo_json_get(c, "detail")));
    }
    cr_expect(vo_json_bool(vo_json_get(r, "ok")));
    vo_json_free(r);
}

Test(doctor, names_the_versions_of_what_computes_and_what_it_answered) {
    static const struct {
        const char *name, *who, *answer;
    } known[] = {{"boosting", "XGBoost 1.", "a step from 0 to 1"},
                 {"products", "OpenBLAS 0.", "(19 22; 43 50)"},
                 {"checksums", "libsodium 1.", "ba7816bf"}};
    vo_json *r = examine(VOLTEO_BINARY_DIR "/tests/lake_doctor");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const vo_json *c = check_of(r, known[i].name);
        cr_assert_not_null(c, "%s", known[i].name);
        const char *detail = vo_json_string(vo_json_get(c, "detail"));
        cr_expect_eq(strstr(detail, known[i].who), detail, "%s", detail);
        cr_expect(strstr(detail, known[i].answer), "%s", detail);
    }
    vo_json_free(r);
}

Test(doctor, a_lake_in_no_folder_fails_with_a_remedy) {
    vo_json *r = examine("/proc/nowhere/lake");
    const vo_json *c = check_of(r, "write access");
    cr_assert_not_null(c);
    cr_expect_not(vo_json_bool(vo_json_get(c, "ok")));
    cr_expect(strstr(vo_json_string(vo_json_get(c, "remedy")), "--lake"));
    cr_expect_not(vo_json_bool(vo_json_get(r, "ok")));
    vo_json_free(r);
}
