/* learn_ask.h -- requests about models, over prices whose best forecast is known. */
#ifndef TESTS_SUPPORT_LEARN_ASK_H
#define TESTS_SUPPORT_LEARN_ASK_H

#include <volteo/engine.h>

#include "base/json.h"

#define LEARN_DAYS 60

/* `days` days of hourly prices from 2024-01-01 of UTC, as a JSON array: 60 + 20 sin(2 pi h / 24)
 * times a level that changes from day to day by a seeded walk, and nothing else. So yesterday's
 * price at the hour is nearly right, and the price an hour ago beside it tells the level. */
void learn_prices(char *out, size_t size, int days);

/* Sends {"prices": ..., "start": "2024-01-01", REST}, REST being "\"x\": 1, ...", to `call` of an
 * engine over the folder `models`. The answer, or NULL and *err filled. */
vo_json *learn_ask(vo_status (*call)(vo_engine *, const char *, char **, vo_error *),
                   const char *models, int days, const char *rest, vo_error *err);

/* The same, and a failure ends the test with its words. */
vo_json *learn_must(vo_status (*call)(vo_engine *, const char *, char **, vo_error *),
                    const char *models, int days, const char *rest);

#endif
