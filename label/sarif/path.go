package sarif

import (
	"net/url"
	"path"
	"strings"
)

// resolve returns the path of an artifact relative to the root, or false if it
// is outside.
func (run *toolRun) resolve(a artifact, root string) (string, bool) {
	if a.uri == "" && a.index >= 0 && a.index < len(run.artifacts) {
		a = run.artifacts[a.index]
	}
	if a.uri == "" {
		return "", false
	}
	name, absolute := uriPath(a.uri)
	// A relative URI is below its base, which may have a base itself. A base
	// that is absolute or has no URI, such as %SRCROOT%, is a root.
	for range 10 {
		base, ok := run.bases[a.base]
		if absolute || !ok || a.base == "" || base.uri == "" {
			break
		}
		prefix, baseAbsolute := uriPath(base.uri)
		if baseAbsolute {
			if root == "" {
				break
			}
			absolute = true
		}
		name = strings.TrimSuffix(prefix, "/") + "/" + name
		a = base
	}
	if absolute {
		below, ok := run.below(name, root)
		if !ok {
			return "", false
		}
		name = below
	}
	name = path.Clean(name)
	if name == "." || name == ".." || strings.HasPrefix(name, "../") || strings.HasPrefix(name, "/") {
		return "", false
	}
	return name, true
}

// below makes an absolute path relative to the root or, without a root, to the
// innermost absolute base of the log that contains it.
func (run *toolRun) below(name, root string) (string, bool) {
	roots := []string{root}
	if root == "" {
		roots = nil
		for _, base := range run.bases {
			if prefix, absolute := uriPath(base.uri); absolute {
				roots = append(roots, prefix)
			}
		}
	}
	best, found := "", false
	name = path.Clean(name)
	for _, r := range roots {
		prefix, _ := uriPath(r)
		prefix = strings.TrimSuffix(path.Clean(prefix), "/") + "/"
		if n := len(prefix); len(name) > n && (name[:n] == prefix || isDrive(name) && strings.EqualFold(name[:n], prefix)) {
			// The innermost base leaves the shortest path.
			if rest := name[n:]; !found || len(rest) < len(best) {
				best, found = rest, true
			}
		}
	}
	return best, found
}

// uriPath returns the path of a URI, with "/" and unescaped, and whether it is
// absolute. It also accepts what tools write instead of URIs: Windows paths,
// spaces, bad escapes.
func uriPath(uri string) (name string, absolute bool) {
	name = uri
	if scheme, rest, ok := strings.Cut(uri, ":"); ok && len(scheme) > 1 && !strings.ContainsAny(scheme, `/\. %`) {
		if !strings.EqualFold(scheme, "file") {
			return uri, true // https and others are outside any root
		}
		name = rest
		if host, ok := strings.CutPrefix(name, "//"); ok {
			if i := strings.IndexByte(host, '/'); i >= 0 {
				name = host[i:]
			} else {
				name = host
			}
		}
		absolute = true
	}
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	name = strings.ReplaceAll(name, `\`, "/")
	if rest, ok := strings.CutPrefix(name, "/"); ok && isDrive(rest) {
		name = rest
	}
	return name, absolute || strings.HasPrefix(name, "/") || isDrive(name)
}

// isDrive reports whether a path begins with the letter of a Windows drive.
func isDrive(name string) bool {
	return len(name) >= 2 && name[1] == ':' && ('a' <= name[0] && name[0] <= 'z' || 'A' <= name[0] && name[0] <= 'Z')
}
