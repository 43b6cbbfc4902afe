/* tariff_shipped.c -- see tariff_shipped.h. */
#include "data/tariff_shipped.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/yaml.h"
#include "data/presets.h"
#include "data/tariff_document.h"
#include "port/file.h"

#define IMPORTED "config/tariffs" /* where imports put theirs */

/* Letters, digits and "_-." as in names of files, without an ending of one. */
static bool is_name(const char *text) {
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "_-.";
    const size_t n = strlen(text);
    return n > 0 && n < 200 && strspn(text, letters) == n && text[0] != '.' &&
           !(n > 5 && strcmp(text + n - 5, ".yaml") == 0);
}

static vo_status parse(const vo_preset *p, vo_tariff **out, vo_error *err) {
    vo_json *root = NULL;
    vo_error inner = {0};
    vo_status st = vo_yaml_parse(p->text, p->size, &root, &inner);
    if (st != VO_OK) return vo_fail(err, st, "tariff %s: %.400s", p->name, inner.msg);
    st = vo_tariff_from_document(root, p->name, out, err);
    vo_json_free(root);
    return st;
}

static vo_status refuse(const char *text, bool files, vo_error *err) {
    char list[300];
    vo_text names = vo_text_over(list, sizeof list);
    for (size_t i = 0; i < vo_tariff_n_presets; i++)
        vo_text_append(&names, "%s%s", i ? ", " : "", vo_tariff_presets[i].name);
    if (!files && !is_name(text))
        return vo_fail(err, VO_EINVAL,
                       "tariff = \"%.80s\": local files are not read here; name one of %s",
                       text, list);
    return vo_fail(err, VO_ENOTFOUND, "tariff = \"%.80s\": there is none; there are %s%s", text,
                   list, files ? "; or give the path of a file" : "");
}

vo_status vo_tariff_open(const char *text, bool files, vo_tariff **out, vo_error *err) {
    char path[VO_TARIFF_PATH];
    for (size_t i = 0; i < vo_tariff_n_presets; i++)
        if (strcmp(vo_tariff_presets[i].name, text) == 0)
            return parse(&vo_tariff_presets[i], out, err);
    if (!files) return refuse(text, files, err);
    const bool named = is_name(text);
    if (named) {
        snprintf(path, sizeof path, IMPORTED "/%s.yaml", text);
        if (vo_file_exists(path)) return vo_tariff_load(path, out, err);
    }
    return named && !vo_file_exists(text) ? refuse(text, files, err)
                                          : vo_tariff_load(text, out, err);
}
