/* data_folder.h -- where the real data lie, if they do, and folders for what a test writes. */
#ifndef TESTS_SUPPORT_DATA_FOLDER_H
#define TESTS_SUPPORT_DATA_FOLDER_H

#include <stdbool.h>

#define DATA_PATH 1024

/* "$VOLTEO_DATA/relative"; false if there is no such file. */
bool data_path(const char *relative, char out[DATA_PATH]);

/* Calls `each` with every file below the folder, as "folder/name"; false if there is none. */
bool data_each(const char *folder, void (*each)(const char *relative));

/* A new empty folder; remove it with temporary_folder_remove (files in it go too). */
bool temporary_folder(char out[DATA_PATH]);
void temporary_folder_remove(const char *path);

/* Ends the test as skipped, and says which file was not there. */
#define NEED_DATA(relative, path)                                                              \
    do {                                                                                       \
        if (!data_path(relative, path))                                                        \
            cr_skip_test("not here: %s (set VOLTEO_DATA to the folder of real data)",          \
                         relative);                                                            \
    } while (0)

#endif
