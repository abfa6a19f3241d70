"""PostgreSQL: connections, declared queries, batches and migrations. Nothing outside this room knows asyncpg."""
