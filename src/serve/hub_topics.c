/* hub_topics.c -- see hub_topics.h. */
#include "serve/hub_topics.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

enum { LONGEST_TOPIC = 48, LONGEST_ABOUT = 128, LONGEST_PING = 64 };

typedef struct {
    char *text;        /* "topic", NUL, "about", NUL; one allocation */
    const char *about; /* "": anything                            */
} subscription;

struct vo_topics {
    size_t n;
    subscription *of;
};

void vo_topics_free(vo_topics *t) {
    if (!t) return;
    for (size_t i = 0; i < t->n; i++) free(t->of[i].text);
    free(t->of);
    free(t);
}

size_t vo_topics_count(const vo_topics *t) { return t ? t->n : 0; }

static bool covers(const char *topic, const char *event) {
    const size_t n = strlen(topic);
    if (n > 0 && topic[n - 1] == '*') return strncmp(topic, event, n - 1) == 0;
    return strcmp(topic, event) == 0;
}

bool vo_topics_want(const vo_topics *t, const char *event, const char *about) {
    if (!t) return true;
    for (size_t i = 0; i < t->n; i++)
        if (covers(t->of[i].text, event) &&
            (!t->of[i].about[0] || strcmp(t->of[i].about, about) == 0))
            return true;
    return false;
}

/* ---- changing ------------------------------------------------------------------------------- */

static size_t find(const vo_topics *t, const char *topic, const char *about) {
    size_t i = 0;
    while (i < t->n &&
           (strcmp(t->of[i].text, topic) != 0 || strcmp(t->of[i].about, about) != 0))
        i++;
    return i;
}

static vo_status add(vo_topics *t, size_t most, const char *topic, const char *about,
                     vo_error *err) {
    if (find(t, topic, about) < t->n) return VO_OK;
    if (t->n >= most)
        return vo_fail(err, VO_EINVAL,
                       "subscribe: more than %zu subscriptions (topics times what they are "
                       "about); use a topic like \"job*\"",
                       most);
    const size_t a = strlen(topic) + 1, b = strlen(about) + 1;
    subscription *more = realloc(t->of, (t->n + 1) * sizeof *more);
    if (!more) return vo_fail(err, VO_ENOMEM, "a subscription");
    t->of = more;
    char *text = malloc(a + b);
    if (!text) return vo_fail(err, VO_ENOMEM, "a subscription");
    memcpy(text, topic, a);
    memcpy(text + a, about, b);
    t->of[t->n++] = (subscription){text, text + a};
    return VO_OK;
}

/* about NULL: whatever it is about. */
static void drop(vo_topics *t, const char *topic, const char *about) {
    size_t kept = 0;
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->of[i].text, topic) == 0 && (!about || strcmp(t->of[i].about, about) == 0))
            free(t->of[i].text);
        else
            t->of[kept++] = t->of[i];
    t->n = kept;
}

static vo_status copy(const vo_topics *from, vo_topics **out, vo_error *err) {
    vo_topics *t = calloc(1, sizeof *t);
    if (!t) return vo_fail(err, VO_ENOMEM, "subscriptions");
    vo_status s = VO_OK;
    for (size_t i = 0; from && i < from->n && s == VO_OK; i++)
        s = add(t, SIZE_MAX, from->of[i].text, from->of[i].about, err);
    if (s != VO_OK) {
        vo_topics_free(t);
        return s;
    }
    *out = t;
    return VO_OK;
}

/* ---- checking ------------------------------------------------------------------------------- */

static bool is_topic(const char *s) {
    const size_t n =
        strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    const size_t len = strlen(s);
    return len > 0 && len < LONGEST_TOPIC && (n == len || (n == len - 1 && s[n] == '*'));
}

static bool is_about(const char *s) {
    const size_t len = strlen(s);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f) return false;
    return len > 0 && len < LONGEST_ABOUT;
}

static vo_status check_list(const vo_json *v, const char *name, bool (*good)(const char *),
                            const char *what, size_t most, vo_error *err) {
    if (!v) return VO_OK;
    if (vo_json_kind_of(v) != VO_JSON_ARRAY || vo_json_size(v) == 0)
        return vo_fail(err, VO_EINVAL, "%s: must be a list of %s, such as [\"price\"]", name,
                       what);
    if (vo_json_size(v) > most)
        return vo_fail(err, VO_EINVAL, "%s: has %zu entries, more than %zu", name,
                       vo_json_size(v), most);
    for (size_t i = 0; i < vo_json_size(v); i++) {
        const vo_json *e = vo_json_at(v, i);
        if (vo_json_kind_of(e) != VO_JSON_STRING || !good(vo_json_string(e)))
            return vo_fail(err, VO_EINVAL, "%s[%zu]: must be one of %s", name, i, what);
    }
    return VO_OK;
}

static vo_status check_members(const vo_json *root, vo_error *err) {
    static const char *const known[] = {"subscribe", "unsubscribe", "about", "ping"};
    if (vo_json_kind_of(root) != VO_JSON_OBJECT)
        return vo_fail(err, VO_EINVAL,
                       "a message must be an object, such as "
                       "{\"subscribe\": [\"job*\"]}");
    const char *key;
    const vo_json *value;
    for (size_t i = 0; vo_json_member(root, i, &key, &value); i++) {
        bool ok = false;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            ok = ok || strcmp(key, known[k]) == 0;
        if (!ok)
            return vo_fail(
                err, VO_EINVAL,
                "\"%.40s\" is not known here: give subscribe, unsubscribe, about or ping", key);
    }
    if (vo_json_size(root) == 0)
        return vo_fail(err, VO_EINVAL,
                       "the message is empty: give subscribe, unsubscribe or ping");
    return VO_OK;
}

/* ---- messages -------------------------------------------------------------------------------- */

static vo_status apply(vo_topics *t, const vo_json *root, size_t most, vo_error *err) {
    const vo_json *on = vo_json_get(root, "subscribe"), *off = vo_json_get(root, "unsubscribe");
    const vo_json *about = vo_json_get(root, "about");
    const size_t n_about = about ? vo_json_size(about) : 1;
    const char *no_topic = "*";
    for (size_t i = 0; off && i < vo_json_size(off); i++)
        for (size_t k = 0; k < n_about; k++)
            drop(t, vo_json_string(vo_json_at(off, i)),
                 about ? vo_json_string(vo_json_at(about, k)) : NULL);
    const size_t n_on = on ? vo_json_size(on) : off ? 0 : 1;
    vo_status s = VO_OK;
    for (size_t i = 0; i < n_on && s == VO_OK; i++)
        for (size_t k = 0; k < n_about && s == VO_OK; k++)
            s = add(t, most, on ? vo_json_string(vo_json_at(on, i)) : no_topic,
                    about ? vo_json_string(vo_json_at(about, k)) : "", err);
    return s;
}

static vo_status check_ping(const vo_json *ping, vo_error *err) {
    if (vo_json_kind_of(ping) == VO_JSON_NUMBER) return VO_OK;
    if (vo_json_kind_of(ping) == VO_JSON_STRING && strlen(vo_json_string(ping)) <= LONGEST_PING)
        return VO_OK;
    return vo_fail(err, VO_EINVAL, "ping: must be a number or a text of at most %d bytes",
                   LONGEST_PING);
}

static vo_status answer(const vo_json *ping, size_t n, int64_t last_id, char **reply,
                        vo_error *err) {
    vo_json_out *w = NULL;
    size_t len;
    vo_status s = vo_json_out_create(&w, err);
    if (s != VO_OK) return s;
    vo_json_out_object(w);
    vo_json_out_key(w, "event");
    vo_json_out_string(w, ping ? "pong" : "subscribed");
    vo_json_out_key(w, ping ? "ping" : "subscriptions");
    if (ping)
        vo_json_out_value(w, ping);
    else
        vo_json_out_integer(w, (long long)n);
    vo_json_out_key(w, "last_id");
    vo_json_out_integer(w, (long long)last_id);
    vo_json_out_end(w);
    s = vo_json_out_take(w, reply, &len, err);
    vo_json_out_free(w);
    return s;
}

/* Who hears all cannot leave out some: that would need a list of what not to hear. */
static bool may_begin(const vo_json *root) {
    const vo_json *off = vo_json_get(root, "unsubscribe");
    if (!off || vo_json_get(root, "subscribe")) return true;
    return vo_json_size(off) == 1 && strcmp(vo_json_string(vo_json_at(off, 0)), "*") == 0;
}

static vo_status obey(vo_topics **t, size_t most, const vo_json *root, int64_t last_id,
                      char **reply, vo_error *err) {
    const vo_json *ping = vo_json_get(root, "ping");
    vo_status s = check_members(root, err);
    if (s == VO_OK && ping && vo_json_size(root) > 1)
        s = vo_fail(err, VO_EINVAL, "ping: stands alone in its message");
    if (s == VO_OK && ping) s = check_ping(ping, err);
    if (s == VO_OK && ping) return answer(ping, 0, last_id, reply, err);
    const char *topics = "names of events, with a '*' at the end for all that begin so";
    if (s == VO_OK)
        s = check_list(vo_json_get(root, "subscribe"), "subscribe", is_topic, topics, most,
                       err);
    if (s == VO_OK)
        s = check_list(vo_json_get(root, "unsubscribe"), "unsubscribe", is_topic, topics, most,
                       err);
    if (s == VO_OK)
        s = check_list(vo_json_get(root, "about"), "about", is_about,
                       "ids of what events are about", most, err);
    if (s != VO_OK) return s;
    if (!*t && !may_begin(root))
        return vo_fail(err, VO_EINVAL,
                       "unsubscribe: there is no subscription yet, so that all "
                       "events come: subscribe to those that are wanted");
    vo_topics *changed = NULL;
    s = copy(*t, &changed, err);
    if (s == VO_OK) s = apply(changed, root, most, err);
    if (s == VO_OK) s = answer(NULL, changed->n, last_id, reply, err);
    if (s != VO_OK) {
        vo_topics_free(changed);
        return s;
    }
    vo_topics_free(*t);
    *t = changed;
    return VO_OK;
}

vo_status vo_topics_message(vo_topics **t, size_t most, const char *text, size_t len,
                            int64_t last_id, char **reply, vo_error *err) {
    vo_json *root = NULL;
    if (len > VO_HUB_MESSAGE)
        return vo_fail(err, VO_EINVAL, "the message has %zu bytes, more than %d", len,
                       VO_HUB_MESSAGE);
    vo_status s = vo_json_parse(text, len, &root, err);
    if (s == VO_OK) s = obey(t, most, root, last_id, reply, err);
    vo_json_free(root);
    return s;
}
