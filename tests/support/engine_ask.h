/* engine_ask.h -- one request to an engine of its own, as any program would send it. */
#ifndef TESTS_SUPPORT_ENGINE_ASK_H
#define TESTS_SUPPORT_ENGINE_ASK_H

#include <volteo/engine.h>

#include "base/json.h"

typedef vo_status (*engine_call)(vo_engine *e, const char *request, char **response,
                                 vo_error *err);

/* The answer over the lake in that folder, local files allowed; the caller's: vo_json_free. A
 * refusal ends the test, with its words. */
vo_json *engine_ask(const char *lake, engine_call call, const char *request);

/* A member of the answer. */
const char *member_text(const vo_json *object, const char *key);
double member_number(const vo_json *object, const char *key);

#endif
