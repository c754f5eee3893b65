// base/list: a doubly linked list of embedded links.
#include "base/list.h"

#include "base/macros.h"
#include "support/check.h"

struct item {
    int number;
    struct link link;
};

// Whether the list has exactly these numbers, forwards and backwards.
static bool has(const struct link *head, const int *numbers, size_t count)
{
    const struct link *at = head->next;
    for (size_t i = 0; i < count; i++, at = at->next)
        if (at == head || container_of(at, const struct item, link)->number != numbers[i])
            return false;
    if (at != head)
        return false;
    at = head->prev;
    for (size_t i = count; i-- > 0; at = at->prev)
        if (at == head || container_of(at, const struct item, link)->number != numbers[i])
            return false;
    return at == head && list_empty(head) == (count == 0);
}

static void fill(struct link *head, struct item *items, int count)
{
    list_init(head);
    for (int i = 0; i < count; i++) {
        items[i] = (struct item){.number = i + 1};
        list_append(head, &items[i].link);
    }
}

static void is_empty_at_first(void)
{
    struct link head;
    list_init(&head);
    CHECK(has(&head, NULL, 0));
    CHECK(list_take(&head) == NULL);
}

static void keeps_the_order(void)
{
    struct link head;
    struct item items[3];
    fill(&head, items, 3);
    CHECK(has(&head, (int[]){1, 2, 3}, 3));
    CHECK(list_take(&head) == &items[0].link);
    CHECK(!link_in_list(&items[0].link) && link_in_list(&items[1].link));
    list_append(&head, &items[0].link);
    CHECK(has(&head, (int[]){2, 3, 1}, 3));
}

static void removes_anywhere_and_only_once(void)
{
    struct link head;
    struct item items[4];
    fill(&head, items, 4);
    list_remove(&items[2].link);
    CHECK(has(&head, (int[]){1, 2, 4}, 3));
    list_remove(&items[2].link);
    CHECK(has(&head, (int[]){1, 2, 4}, 3));
    list_remove(&items[0].link);
    list_remove(&items[3].link);
    CHECK(has(&head, (int[]){2}, 1));
    list_remove(&items[1].link);
    CHECK(has(&head, NULL, 0));
}

static void moves_to_another_head(void)
{
    struct link one, two;
    struct item items[2];
    fill(&one, items, 2);
    list_move(&two, &one);
    CHECK(has(&one, NULL, 0) && has(&two, (int[]){1, 2}, 2));
    list_move(&one, &two);
    CHECK(has(&one, (int[]){1, 2}, 2) && has(&two, NULL, 0));
    CHECK(list_take(&one) && list_take(&one));
    list_move(&two, &one);
    CHECK(has(&one, NULL, 0) && has(&two, NULL, 0));
}

int main(void)
{
    static const struct check_test tests[] = {
        {"a list is empty at first", is_empty_at_first},
        {"a list keeps the order", keeps_the_order},
        {"a list removes anywhere, and only once", removes_anywhere_and_only_once},
        {"a list moves to another head", moves_to_another_head},
    };
    return check_run(tests, ARRAY_LEN(tests));
}
