// net/send_file: files among a connection's output, with and without filters.
#include "net/send_file.h"

#include "support/sending.h"

static void keeps_order(void)
{
    struct world w = {0};
    begin(&w);
    int one = make_file(SIZE), two = make_file(200000);
    w.pair.conn->observed = true;
    CHECK(conn_write(w.pair.conn, "head", 4) == 4);
    CHECK(conn_send_file(w.pair.conn, one, 10, SIZE - 10) == SIZE - 6);
    CHECK(conn_write(w.pair.conn, "between", 7) == SIZE + 1);
    CHECK(conn_send_file(w.pair.conn, two, 0, 200000) == SIZE + 200001);
    conn_flush(w.pair.conn, "tail", 4);
    size_t all = SIZE + 200005;
    CHECK(w.pair.conn->congested && !w.drained);
    receive_all(&w, all);
    CHECK(w.length == all && w.after == all && w.before > 4);
    CHECK(memcmp(w.got, "head", 4) == 0 && has_file(&w, 4, 10, SIZE - 10, 0));
    CHECK(memcmp(w.got + SIZE - 6, "between", 7) == 0 && has_file(&w, SIZE + 1, 0, 200000, 0));
    CHECK(memcmp(w.got + all - 4, "tail", 4) == 0);
    CHECK(w.drained == 1 && conn_pending(w.pair.conn) == 0 && is_closed(one) && is_closed(two));
    end(&w);
}

static void queues_small_ones(void)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(60000);
    CHECK(conn_send_file(w.pair.conn, fd, 1, 59999) == 59999);
    CHECK(is_closed(fd));
    CHECK(conn_send_file(w.pair.conn, make_file(1), 0, 0) == 59999);
    receive_all(&w, 59999);
    CHECK(has_file(&w, 0, 1, 59999, 0));
    end(&w);
}

static void waits_for_a_slow_peer(void)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(SIZE);
    CHECK(conn_send_file(w.pair.conn, fd, 0, SIZE) == SIZE);
    conn_close(w.pair.conn, NULL);
    for (int i = 0; i < 20; i++)
        pair_turn(&w.pair);
    CHECK(conn_pending(w.pair.conn) > SIZE / 2 && w.pair.conn->out.length == 0 && !w.closed);
    receive_all(&w, SIZE + 1);
    CHECK(w.length == SIZE && w.ended && has_file(&w, 0, 0, SIZE, 0));
    CHECK(w.closed == 1 && w.error == 0 && is_closed(fd));
    end(&w);
}

static void gives_a_silent_peer_up(void)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(SIZE);
    CHECK(conn_send_file(w.pair.conn, fd, 0, SIZE) == SIZE);
    conn_close(w.pair.conn, NULL);
    for (int i = 0; i < TURNS && !w.closed; i++)
        CHECK(loop_turn(w.pair.net) == 0);
    CHECK(w.closed == 1 && w.error == ETIMEDOUT && is_closed(fd));
    end(&w);
}

static void goes_in_front_of_a_detach(void)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(SIZE);
    CHECK(conn_send_file(w.pair.conn, fd, 0, SIZE) == SIZE);
    conn_detach(w.pair.conn);
    pair_turn(&w.pair);
    CHECK(!w.detached);
    receive_all(&w, SIZE);
    pair_turn(&w.pair);
    CHECK(w.detached == 1 && has_file(&w, 0, 0, SIZE, 0) && is_closed(fd));
    CHECK(write(w.socket, "x", 1) == 1 && read(w.pair.peer, w.got, 2) == 1);
    end(&w);
}

static void ends_where_it_shrinks(bool filtered)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(SIZE);
    if (filtered)
        CHECK(stack_push(w.pair.conn, flipper()) == 0);
    CHECK(conn_send_file(w.pair.conn, fd, 0, SIZE) == SIZE);
    pair_turn(&w.pair);
    CHECK(ftruncate(fd, 1000000) == 0);
    receive_all(&w, SIZE);
    CHECK(w.closed == 1 && w.error == EIO && is_closed(fd) && w.length <= 1000000);
    end(&w);
}

static void ends_where_a_file_shrinks(void)
{
    ends_where_it_shrinks(false);
    ends_where_it_shrinks(true);
    struct world w = {0};
    begin(&w);
    int fd = make_file(100);
    CHECK(conn_send_file(w.pair.conn, fd, 0, 101) == -EIO);
    pair_turn(&w.pair);
    CHECK(w.closed == 1 && w.error == EIO && is_closed(fd));
    end(&w);
}

static void is_closed_at_an_end(void)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(SIZE), other = make_file(SIZE);
    CHECK(conn_send_file(w.pair.conn, fd, 0, SIZE) == SIZE);
    CHECK(conn_send_file(w.pair.conn, other, 0, SIZE) == 2 * SIZE);
    pair_turn(&w.pair);
    close(w.pair.peer); // it is reset
    w.pair.peer = dup(0);
    for (int i = 0; i < TURNS && !w.closed; i++)
        pair_turn(&w.pair);
    CHECK(w.closed == 1 && w.error != 0 && is_closed(fd) && is_closed(other));
    end(&w);
    struct world v = {0};
    begin(&v);
    fd = make_file(SIZE);
    CHECK(conn_send_file(v.pair.conn, fd, 0, SIZE) == SIZE);
    conn_abort(v.pair.conn);
    other = make_file(SIZE);
    CHECK(conn_send_file(v.pair.conn, other, 0, SIZE) == -EPIPE && is_closed(other));
    pair_turn(&v.pair);
    CHECK(v.closed == 1 && is_closed(fd));
    end(&v);
}

static void passes_filters(void)
{
    struct world w = {0};
    begin(&w);
    CHECK(stack_push(w.pair.conn, flipper()) == 0);
    int fd = make_file(SIZE);
    CHECK(conn_write(w.pair.conn, "head", 4) == 4);
    CHECK(conn_send_file(w.pair.conn, fd, 5, SIZE - 5) == SIZE - 1);
    CHECK(stack_push(w.pair.conn, flipper()) == -EBUSY && stack_pop(w.pair.conn) == -EBUSY);
    conn_flush(w.pair.conn, "tail", 4);
    CHECK(w.pair.conn->out.length < 300000 && !is_closed(fd));
    conn_finish(w.pair.conn);
    size_t all = SIZE + 3;
    receive_all(&w, all + 4);
    CHECK(w.ended && w.length == all + 3 && is_closed(fd) && conn_pending(w.pair.conn) == 0);
    CHECK(memcmp(w.got, "id`e", 4) == 0 && has_file(&w, 4, 5, SIZE - 5, 1));
    CHECK(memcmp(w.got + SIZE - 1, "u`hmEND", 7) == 0);
    CHECK(w.drained == 1);
    end(&w);
}

static void refuses_what_cannot_be(void)
{
    struct world w = {0};
    begin(&w);
    int fd = make_file(SIZE), other = make_file(SIZE);
    CHECK(conn_send_file(w.pair.conn, fd, 0, SIZE) == SIZE);
    CHECK(stack_push(w.pair.conn, flipper()) == -EBUSY && !w.pair.conn->stack);
    receive_all(&w, SIZE);
    CHECK(w.length == SIZE && has_file(&w, 0, 0, SIZE, 0));
    w.pair.conn->datagram = true;
    CHECK(conn_send_file(w.pair.conn, other, 0, SIZE) == -EOPNOTSUPP && is_closed(other));
    w.pair.conn->datagram = false;
    end(&w);
}

// Writes and files of all sizes, as they come, against a peer that reads as it likes.
static void keeps_any_order(bool filtered)
{
    struct world w = {0};
    size_t all = 0, most = 2 * SIZE - 300000, filtered_from = 0;
    char *expected = malloc(2 * SIZE);
    begin(&w);
    while (all < most) {
        size_t n = check_random(check_random(4) ? 3000 : 300000), from = check_random(1000);
        char *bytes = expected + all;
        for (size_t i = 0; i < n; i++)
            bytes[i] = byte_at(from + i);
        if (check_random(2))
            CHECK(conn_send_file(w.pair.conn, make_file(from + n + 1), from, n) >= 0);
        else if (check_random(2))
            CHECK(conn_write(w.pair.conn, bytes, n) >= 0);
        else
            conn_flush(w.pair.conn, bytes, n);
        all += n;
        if (filtered && !w.pair.conn->stack && !w.pair.conn->files) { // from here on
            CHECK(stack_push(w.pair.conn, flipper()) == 0);
            filtered_from = all;
        }
        if (check_random(3) == 0)
            receive_all(&w, w.length + check_random((uint32_t)(all - w.length + 1)));
    }
    receive_all(&w, all);
    for (size_t i = filtered ? filtered_from : all; i < all; i++)
        expected[i] ^= 1;
    CHECK(w.length == all && memcmp(w.got, expected, all) == 0 && conn_pending(w.pair.conn) == 0);
    end(&w);
    free(expected);
}

static void keeps_order_of_many(void)
{
    for (int i = 0; i < 10; i++)
        keeps_any_order(i % 2);
}

int main(void)
{
    static const struct check_test tests[] = {
        {"bytes before and behind a file keep their order", keeps_order},
        {"small files are queued at once", queues_small_ones},
        {"a file waits for a slow peer, and the close for the file", waits_for_a_slow_peer},
        {"a peer that takes nothing of a file is given up", gives_a_silent_peer_up},
        {"a file goes in front of a detach", goes_in_front_of_a_detach},
        {"a connection ends where a file shrinks", ends_where_a_file_shrinks},
        {"a file's descriptor is closed at every end", is_closed_at_an_end},
        {"a file passes filters piece by piece", passes_filters},
        {"many of both keep their order", keeps_order_of_many},
        {"datagrams and changes of filters are refused", refuses_what_cannot_be},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
