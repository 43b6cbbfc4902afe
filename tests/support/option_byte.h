/* option_byte.h -- inputs of fuzz targets of which the last byte chooses options.
 *
 * The last and not the first, so that a real file is a seed as it is: its head, by which
 * formats are told apart, stays where it was. */
#ifndef TESTS_SUPPORT_OPTION_BYTE_H
#define TESTS_SUPPORT_OPTION_BYTE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* `data` [size >= 1] without its last byte, in a block of exactly that size, so that a
 * sanitizer sees any byte read beyond it. The caller frees it. */
static inline char *text_without_options(const uint8_t *data, size_t size) {
    char *text = malloc(size - 1);
    if (!text) abort();
    if (size > 1) memcpy(text, data, size - 1);
    return text;
}

#endif
