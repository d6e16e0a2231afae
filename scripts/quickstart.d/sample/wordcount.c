/* Counts how often each word of its standard input occurs and prints the most frequent ones. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 64, MOST = 4096 };

struct entry {
    char word[LONGEST];
    unsigned long count;
};

static struct entry entries[MOST];
static size_t used;

static int count(const char *word)
{
    for (size_t i = 0; i < used; i++) {
        if (strcmp(entries[i].word, word) == 0) {
            entries[i].count++;
            return 0;
        }
    }
    if (used == MOST)
        return -1;
    strcpy(entries[used].word, word);
    entries[used++].count = 1;
    return 0;
}

static int by_count(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return strcmp(a->word, b->word);
}

int main(int argc, char **argv)
{
    size_t top = argc > 1 ? strtoul(argv[1], NULL, 10) : 10;
    char word[LONGEST];
    size_t length = 0;
    int c;
    do {
        c = getchar();
        if (c != EOF && isalpha(c)) {
            if (length < LONGEST - 1)
                word[length++] = (char)tolower(c);
        } else if (length > 0) {
            word[length] = '\0';
            length = 0;
            if (count(word) != 0)
                return fputs("too many different words\n", stderr), 1;
        }
    } while (c != EOF);
    qsort(entries, used, sizeof entries[0], by_count);
    for (size_t i = 0; i < used && i < top; i++)
        printf("%6lu %s\n", entries[i].count, entries[i].word);
    return 0;
}
