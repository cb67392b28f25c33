-- A library for SQLite: quoted names of all kinds, and constraints in all places.
PRAGMA foreign_keys = ON;
CREATE TABLE [authors] (
  "id" INTEGER PRIMARY KEY AUTOINCREMENT,
  'name' TEXT NOT NULL COLLATE NOCASE,
  `born` DATE DEFAULT CURRENT_DATE,
  country VARCHAR (2) DEFAULT 'DE' CHECK (length(country) = 2)
);
CREATE TABLE books (
  isbn TEXT PRIMARY KEY NOT NULL,
  title NVARCHAR(160) NOT NULL UNIQUE ON CONFLICT IGNORE,
  pages UNSIGNED BIG INT DEFAULT -1,
  price DECIMAL(10, 5) DEFAULT (1.5 + 2),
  author_id INT REFERENCES authors ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  added TEXT DEFAULT (datetime('now')),
  extra,
  slug TEXT GENERATED ALWAYS AS (lower(title)) VIRTUAL,
  CONSTRAINT books_title UNIQUE (author_id, title)
  CHECK (pages <> 0)
) WITHOUT ROWID;
CREATE TABLE loans (
  isbn TEXT NOT NULL,
  no INT NOT NULL,
  parent_isbn TEXT, parent_no INT,
  PRIMARY KEY (isbn, no),
  FOREIGN KEY (isbn) REFERENCES books (isbn) ON UPDATE CASCADE ON DELETE SET NULL,
  FOREIGN KEY (parent_isbn, parent_no) REFERENCES loans
);
CREATE TABLE covers (isbn TEXT PRIMARY KEY REFERENCES books, bytes BLOB) STRICT;
CREATE INDEX loans_no ON loans (no DESC);
CREATE UNIQUE INDEX loans_parent ON loans (parent_isbn) WHERE parent_isbn IS NOT NULL;
CREATE INDEX books_lower ON books (lower(title));
CREATE TRIGGER audit AFTER INSERT ON books BEGIN
  UPDATE books SET pages = CASE WHEN pages > 0 THEN pages ELSE 1 END; -- ; stays inside
  DELETE FROM loans;
END;
CREATE VIEW titles AS SELECT title FROM books;
INSERT INTO authors (name) VALUES ('O''Brien; x');
ALTER TABLE authors ADD COLUMN died DATE;
ALTER TABLE authors RENAME COLUMN born TO birth_date;
ALTER TABLE covers RENAME TO book_covers;
