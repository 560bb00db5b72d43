package tokenizer

// smallFile is a Qwen2-style tokenizer with 2000 merges, enough for every test
// that needs no reference. It and the goldens beside it come from Hugging Face
// tokenizers 0.23.3.
const smallFile = "testdata/tokenizer.json"

// sources are short texts in the languages the benchmark covers.
var sources = map[string]string{
	"c": `/* Copy at most n bytes and terminate. */
static size_t buf_copy(struct buf *dst, const char *src, size_t n)
{
	size_t len = strlen(src);

	if (dst == NULL || dst->cap == 0)
		return 0;
	if (len >= n)
		len = n - 1;
	memcpy(dst->data + dst->len, src, len);
	dst->data[dst->len + len] = '\0';
	dst->len += len;	/* don't touch cap */
	return len;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("%3d: %s (0x%08lx)\n", i, argv[i], (unsigned long)hash(argv[i]));
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
`,
	"go": `// ReadHeader returns the length prefix of r, at most max.
func ReadHeader(r io.Reader, max uint64) (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, fmt.Errorf("header: %w", err)
	}
	n := binary.LittleEndian.Uint64(b[:])
	if n > max {
		return 0, fmt.Errorf("header: length %d exceeds %d", n, max)
	}
	return n, nil
}

type Cache[K comparable, V any] struct {
	mu      sync.Mutex
	entries map[K]*list.Element // guarded by mu
	order   *list.List
	limit   int
}
`,
	"py": `def load_rows(path, *, limit=None, encoding="utf-8"):
    """Yield (name, value) pairs; it's fine for value to be empty."""
    with open(path, encoding=encoding) as fh:
        for number, line in enumerate(fh, start=1):
            if limit is not None and number > limit:
                return
            name, _, value = line.rstrip("\n").partition("=")
            if not name.strip():
                raise ValueError(f"{path}:{number}: empty name")
            yield name.strip(), value.strip()


class Counter(dict):
    def most_common(self, n=10):
        return sorted(self.items(), key=lambda kv: (-kv[1], kv[0]))[:n]
`,
	"java": `public final class TokenStore implements AutoCloseable {
    private static final int MAX_ENTRIES = 1 << 16;
    private final Map<String, byte[]> tokens = new ConcurrentHashMap<>();

    public Optional<byte[]> find(@Nonnull String user) {
        Objects.requireNonNull(user, "user");
        return Optional.ofNullable(tokens.get(user.toLowerCase(Locale.ROOT)));
    }

    @Override
    public void close() {
        tokens.values().forEach(t -> Arrays.fill(t, (byte) 0));
        tokens.clear(); // don't keep secrets
    }
}
`,
	"rs": `/// Splits at the first byte that isn't ASCII alphanumeric.
pub fn split_ident(input: &[u8]) -> Option<(&str, &[u8])> {
    let end = input
        .iter()
        .position(|b| !b.is_ascii_alphanumeric() && *b != b'_')
        .unwrap_or(input.len());
    if end == 0 {
        return None;
    }
    let name = std::str::from_utf8(&input[..end]).ok()?;
    Some((name, &input[end..]))
}

impl<'a, T: Iterator<Item = &'a str>> Extend<&'a str> for Table<T> {
    fn extend<I: IntoIterator<Item = &'a str>>(&mut self, iter: I) {
        iter.into_iter().for_each(|s| self.push(s));
    }
}
`,
	"js": `export async function fetchJson(url, { retries = 3, timeout = 5000, ...init } = {}) {
  for (let attempt = 0; attempt <= retries; attempt++) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), timeout);
    try {
      const res = await fetch(url, { ...init, signal: controller.signal });
      if (!res.ok) throw new Error(` + "`HTTP ${res.status} for ${url}`" + `);
      return await res.json();
    } catch (err) {
      if (attempt === retries) throw err; // it's the last one
    } finally {
      clearTimeout(timer);
    }
  }
}
`,
}
