/* model_folder.h -- small models to register, for the tests of the registry. */
#ifndef TESTS_SUPPORT_MODEL_FOLDER_H
#define TESTS_SUPPORT_MODEL_FOLDER_H

#include "store/registry.h"

#define MODEL_START_S INT64_C(1770817500) /* 2026-02-11T13:45:00Z: "v20260211_134500" */

/* A draft of two files whose bytes tell `number`; it points to static memory of its own kind and
 * is good until the next call of the same thread. */
vo_registry_draft model_draft(const char *id, int number);

/* Registers model number `number`, made that many seconds after MODEL_START_S; or the test ends.
 * Returns the version's name, good until the next call. */
const char *model_register(const vo_registry *r, const char *id, int number);

/* Is what load gives the first file of model `number`, whole? */
bool model_is(const vo_registry *r, const char *reference, int number);

vo_registry_decision model_why(const char *reason);

/* Promotes, or the test ends. */
void model_promote(const vo_registry *r, const char *id, const char *version, vo_alias alias);

vo_registry *model_folder_open(const char *folder);

/* A file of the folder with one byte put in place of another. */
void model_folder_spoil(const char *folder, const char *path, size_t at, unsigned char bits);

/* Nothing to find, or the test ends with what was found. */
void model_folder_healthy(const vo_registry *r);

#endif
