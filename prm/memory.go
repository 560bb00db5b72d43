package prm

import (
	"bytes"
	"math"
	"os"
	"strconv"
)

// freeMemory returns how many bytes Linux can hand out without swapping, within
// the limit of the control group. It returns 0 on other systems.
func freeMemory() int64 {
	free := int64(0)
	if data, err := os.ReadFile("/proc/meminfo"); err == nil {
		if _, rest, ok := bytes.Cut(data, []byte("MemAvailable:")); ok {
			if fields := bytes.Fields(rest[:min(len(rest), 64)]); len(fields) > 0 {
				kB, _ := strconv.ParseInt(string(fields[0]), 10, 64)
				free = kB * 1024
			}
		}
	}
	limit, used := groupBytes("memory.max"), groupBytes("memory.current")
	return max(0, min(free, limit-used))
}

// groupBytes reads a number from the control group as a container sees it.
// Without a control group, or if the number is "max", it returns no bound.
func groupBytes(name string) int64 {
	data, err := os.ReadFile("/sys/fs/cgroup/" + name)
	if err != nil {
		if name == "memory.current" {
			return 0
		}
		return math.MaxInt64
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(data)), 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	return n
}
