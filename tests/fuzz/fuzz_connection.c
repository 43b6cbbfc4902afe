/* fuzz_connection.c -- any bytes on a connection, cut anywhere, over a socket that chokes: no
 * request is handed over or handed back twice or never, and memory stays bounded. The last byte
 * chooses how it is cut, whether answers are late and whether every write chokes. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

/* targets link the engine and no other file of the tests */
#include "support/memory_socket.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 65536) return 0;
    const uint8_t choice = data[--size];
    const size_t step = (size_t)1 << (choice & 15);
    vo_transport_settings s = vo_transport_settings_default();
    s.max_head = 1024;
    s.max_body = 4096;
    s.max_message = 1024;
    memory_socket m;
    memory_socket_open(&m, &s);
    m.holds = choice & 16;
    m.choke_each_write = choice & 32;
    for (size_t at = 0; at < size && !m.closed; at += step) {
        memory_socket_feed(&m, (const char *)data + at, size - at < step ? size - at : step);
        if (choice & 64) memory_socket_answer(&m);
        if (choice & 128) memory_socket_drain(&m);
        assert(m.connection->in_len <= 65536 + 4096);
    }
    const size_t began = m.heads;
    memory_socket_close(&m);
    assert(m.done >= began && m.done <= began + m.refusals + 1);
    return 0;
}
