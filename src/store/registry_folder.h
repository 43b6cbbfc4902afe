/* registry_folder.h -- the registry's folder, for registry.c and registry_doctor.c: names, lock,
 * reading and replacing registry.json, removing a version's folder.
 */
#ifndef VO_STORE_REGISTRY_FOLDER_H
#define VO_STORE_REGISTRY_FOLDER_H

#include "port/file.h"
#include "store/registry.h"

#define VO_REGISTRY_NEW ".new"  /* a version while it is written             */
#define VO_REGISTRY_OLD ".old-" /* before the name of one that is being removed */

struct vo_registry {
    const vo_alloc *alloc;
    char folder[1024];
};

/* A file of the folder, or one deeper; "" and NULL end the row. Never too long: names are. */
void vo_registry_path(const vo_registry *r, const char *a, const char *b,
                      char out[VO_REGISTRY_PATH]);
void vo_registry_list_path(const vo_registry *r, char out[VO_REGISTRY_PATH]);
void vo_registry_log_path(const vo_registry *r, char out[VO_REGISTRY_PATH]);

/* An absent registry.json is an empty book. */
vo_status vo_registry_read(const vo_registry *r, vo_registry_book **out, vo_error *err);
vo_status vo_registry_write(const vo_registry *r, const vo_registry_book *b, vo_error *err);

/* Makes the folder if need be and waits for its lock. */
vo_status vo_registry_lock(const vo_registry *r, vo_file_lock *out, vo_error *err);

/* The key of a manifest, or "". */
const char *vo_registry_key_of(const vo_manifest *m);

/* The newest whole version of ID that is not listed (its writer died before) and has this key goes
 * into the book, as the doctor adopts; version "": there is none. With the lock. *adopted is the
 * caller's, to be freed behind the book, whose texts it has: vo_manifest_fini. */
vo_status vo_registry_adopt_key(const vo_registry *r, vo_registry_book *b, const char *id,
                                const char *key, vo_manifest *adopted,
                                char version[VO_REGISTRY_NAME], vo_error *err);

/* Removes the files in ID/NAME and the folder; folders in it stay, and make it fail. */
vo_status vo_registry_remove(const vo_registry *r, const char *id, const char *name,
                             vo_error *err);

/* The same, out of sight first: ID/VERSION becomes ID/.old-VERSION. */
vo_status vo_registry_retire(const vo_registry *r, const char *id, const char *version,
                             vo_error *err);

#endif
