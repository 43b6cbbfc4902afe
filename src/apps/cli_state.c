/* cli_state.c -- what the commands on the state database share: times and documents as text. */
#include <stdio.h>
#include <stdlib.h>

#include "apps/cli.h"
#include "base/civil.h"

const char *cli_time_text(int64_t ms, char out[32]) {
    return ms == 0 ? "" : vo_civil_format_utc(ms / 1000, out);
}

void cli_put_time(vo_json_out *w, const char *name, int64_t ms) {
    char text[32];
    vo_json_out_key(w, name);
    vo_json_out_string(w, ms == 0 ? NULL : cli_time_text(ms, text));
}

vo_status cli_print_document(vo_json_out *w, vo_error *err) {
    char *text = NULL;
    size_t len;
    const vo_status s = vo_json_out_take(w, &text, &len, err);
    if (s == VO_OK) printf("%s\n", text);
    free(text);
    return s;
}
