// libpq, for the PostgreSQL store.
#include <libpq-fe.h>
