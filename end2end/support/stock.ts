import type { Server } from './server';

/** A row of `public.products`, as a test wants it. */
export interface Product {
  id: number;
  sku: string;
  name: string;
  category: string;
  location: string;
  quantity: number;
  reorder_level: number;
  price: number;
}

let batches = 0;

/**
 * Products of one test: inserted in one transaction, found by the word `tag`, and gone at its end.
 * Their names are `<tag> 001`, `<tag> 002` …, so that they stand in this order.
 */
export class Stock {
  readonly tag = `tst${process.pid.toString(36)}x${(batches += 1)}`;

  private added = 0;

  constructor(private readonly sql: Server['sql']) {}

  async add(count: number, of: Partial<Omit<Product, 'id'>> = {}): Promise<Product[]> {
    const defaults = { category: 'Testing', location: 'T-01-1', quantity: 50, reorder_level: 5, price: 9.5 };
    const rows = await this.sql<Product & { id: string; price: string }>(
      `insert into products (sku, name, category, location, quantity, reorder_level, price)
       select coalesce($3, $2 || '-' || lpad(n::text, 5, '0')), coalesce($4, $2 || ' ' || lpad(n::text, 5, '0')),
              $5, $6, $7, $8, $9
       from generate_series($10::int + 1, $10::int + $1::int) n
       returning *`,
      [
        count,
        this.tag,
        of.sku ?? null,
        of.name ?? null,
        ...(['category', 'location', 'quantity', 'reorder_level', 'price'] as const).map((column) => of[column] ?? defaults[column]),
        this.added,
      ],
    );
    this.added += count;
    return rows.map((row) => ({ ...row, id: Number(row.id), price: Number(row.price) })).sort((a, b) => a.id - b.id);
  }

  /** One product with 50 pieces, unless it is said otherwise. */
  async one(of: Partial<Omit<Product, 'id'>> = {}): Promise<Product> {
    return (await this.add(1, of))[0]!;
  }

  async clear(): Promise<void> {
    await this.sql(`delete from products where strpos(sku, $1) > 0 or strpos(name, $1) > 0`, [this.tag]);
  }
}
