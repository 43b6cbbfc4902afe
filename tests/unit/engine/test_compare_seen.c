/* A comparison says which of its days a trained model has learned from, and names the element of
 * policies that it refuses. */
#include <volteo/engine.h>

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "support/data_folder.h"
#include "support/json_text.h"
#include "support/learn_ask.h"

#define BATTERY                                                                                \
    "\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 2, \"efficiency\": 0.9}, "

static char root[DATA_PATH];

static void begin(void) { cr_assert(temporary_folder(root)); }
static void end(void) { temporary_folder_remove(root); }
TestSuite(compare_seen, .init = begin, .fini = end);

static double seen(const vo_json *answer, size_t i) {
    const vo_json *v =
        vo_json_get(vo_json_at(vo_json_get(answer, "policies"), i), "days_seen_in_training");
    return vo_json_kind_of(v) == VO_JSON_NUMBER ? vo_json_number(v) : (double)NAN;
}

Test(compare_seen, days_of_its_own_training_are_told, .timeout = 60) {
    vo_json_free(learn_must(vo_engine_train, root, 30,
                            "\"what\": \"q\", \"id\": \"table\", \"episodes\": 5"));
    vo_json *a = learn_must(vo_engine_backtest, root, 40,
                            BATTERY "\"policies\": [\"mpc\", \"q_learning=table\"]");
    cr_expect(isnan(seen(a, 0)));
    cr_expect_float_eq(seen(a, 1), 30, 0.1, "%g", seen(a, 1));
    const vo_json *notes = vo_json_get(a, "notes");
    cr_assert_eq(vo_json_size(notes), 1u);
    cr_expect(strstr(vo_json_string(vo_json_at(notes, 0)),
                     "q_learning=table has learned from 30 of these 40 days"),
              "%s", vo_json_string(vo_json_at(notes, 0)));
    vo_json_free(a);
    a = learn_must(vo_engine_backtest, root, 40,
                   BATTERY "\"policies\": [\"q_learning=table\"], \"from\": \"2024-02-02\"");
    cr_expect_eq(seen(a, 0), 0);
    cr_expect_eq(vo_json_size(vo_json_get(a, "notes")), 0u);
    vo_json_free(a);
}

Test(compare_seen, the_element_that_is_refused_is_named) {
    vo_error err = {0};
    cr_expect_null(learn_ask(vo_engine_compare, root, 3,
                             BATTERY "\"policies\": [\"mpc\", \"nix\"]", &err));
    cr_expect(strncmp(err.msg, "policies[1] = \"nix\" is unknown", 30) == 0, "%s", err.msg);
    cr_expect_null(
        learn_ask(vo_engine_compare, root, 3, BATTERY "\"policies\": \"mpc, nix\"", &err));
    cr_expect(strncmp(err.msg, "policies = \"nix\" is unknown", 27) == 0, "%s", err.msg);
}
