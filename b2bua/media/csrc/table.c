#include "table.h"

#include <errno.h>
#include <stdlib.h>

int table_make(struct table *table, uint32_t size)
{
	table->size = size;
	table->first_free = 0;
	table->last_free = size - 1;
	table->slots = calloc(size, sizeof *table->slots);
	table->streams = calloc(size, sizeof *table->streams);
	if (table->slots == NULL || table->streams == NULL) {
		table_free(table);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < size; i++) {
		table->slots[i].generation = 1;
		table->slots[i].next_free = i + 1;
		atomic_init(&table->streams[i].released, true);
	}
	return 0;
}

void table_free(struct table *table)
{
	free(table->slots);
	free(table->streams);
	table->slots = NULL;
	table->streams = NULL;
}

uint64_t table_take(struct table *table)
{
	uint32_t index = table->first_free;
	struct slot *slot;

	if (index == table->size ||
	    !atomic_load_explicit(&table->streams[index].released, memory_order_acquire))
		return 0;
	slot = &table->slots[index];
	table->first_free = slot->next_free;
	slot->is_taken = true;
	return (uint64_t)slot->generation << 32 | index;
}

struct slot *table_find(const struct table *table, uint64_t handle)
{
	uint32_t index = table_slot_of(handle);
	uint32_t generation = (uint32_t)(handle >> 32);

	if (index >= table->size || !table->slots[index].is_taken ||
	    table->slots[index].generation != generation)
		return NULL;
	return &table->slots[index];
}

void table_give_back(struct table *table, uint64_t handle)
{
	uint32_t index = table_slot_of(handle);
	struct slot *slot = &table->slots[index];

	slot->is_taken = false;
	if (++slot->generation == 0)
		slot->generation = 1;
	slot->next_free = table->size;
	if (table->first_free == table->size)
		table->first_free = index;
	else
		table->slots[table->last_free].next_free = index;
	table->last_free = index;
}

void table_give_back_all(struct table *table)
{
	for (uint32_t i = 0; i < table->size; i++)
		if (table->slots[i].is_taken)
			table_give_back(table, (uint64_t)table->slots[i].generation << 32 | i);
}
