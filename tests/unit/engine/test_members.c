/* One member of an object being written. */
#include "engine/members.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

Test(members, each_kind_is_written_under_its_key) {
    vo_json_out *w = NULL;
    char *text = NULL;
    size_t len = 0;
    cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
    vo_json_out_object(w);
    vo_member_text(w, "text", "a \"b\"");
    vo_member_text(w, "none", NULL);
    vo_member_number(w, "number", 0.1);
    vo_member_number(w, "nan", (double)NAN);
    vo_member_integer(w, "integer", -9007199254740993);
    vo_member_bool(w, "yes", true);
    vo_member_instant(w, "at", 1454047200);
    vo_json_out_end(w);
    cr_assert_eq(vo_json_out_take(w, &text, &len, NULL), VO_OK);
    cr_expect_str_eq(text,
                     "{\"text\":\"a \\\"b\\\"\",\"none\":null,\"number\":0.1,\"nan\":null,"
                     "\"integer\":-9007199254740993,\"yes\":true,"
                     "\"at\":\"2016-01-29T06:00:00Z\"}");
    free(text);
    vo_json_out_free(w);
}
