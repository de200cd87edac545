// Does this bundle hold? Signatures and the Merkle tree, with golang.org/x/mod/sumdb alone.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run verify.go -operator VKEY [-policy FILE] FOLDER
//
// FOLDER is the unpacked bundle, VKEY the operator's public key, from elsewhere. A policy is C2SP tlog-policy; of its
// groups only one of witnesses, named as the quorum, is understood.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type manifest struct {
	Run                    string
	Entries, Tiled, System int64
}

// cosigner verifies cosignature/v1 lines (c2sp.org/tlog-cosignature), which package note does not know.
type cosigner struct {
	name string
	key  ed25519.PublicKey
	hash uint32
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(text), sig[8:])
}

func fail(format string, args ...interface{}) {
	fmt.Printf("NOT RIGHT: "+format+"\n", args...)
	os.Exit(1)
}

func must(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

// vkey writes a public key as package note reads it, under a name.
func vkey(name string, key []byte) string {
	material := append([]byte{1}, key...)
	hash := sha256.Sum256(append([]byte(name+"\n"), material...))
	return fmt.Sprintf("%s+%08x+%s", name, binary.BigEndian.Uint32(hash[:]), base64.StdEncoding.EncodeToString(material))
}

func path(prefix string, level string, n, width int64) string {
	parts := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		parts = fmt.Sprintf("x%03d/%s", n%1000, parts)
	}
	if width < 256 {
		parts += fmt.Sprintf(".p/%d", width)
	}
	return filepath.Join(prefix, "tile", level, parts)
}

func split(file string) [][]byte {
	data, err := os.ReadFile(file)
	must(err, file)
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			fail("%s ends in the middle of an entry", file)
		}
		size := int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:2+size])
		data = data[2+size:]
	}
	return entries
}

// log reads a tiled log, adds its hashes to a tree and compares its tiles of level 0.
func log(prefix string, size int64) ([][]byte, tlog.Hash) {
	var all [][]byte
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, index := range indexes {
			out = append(out, stored[index])
		}
		return out, nil
	})
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		entries := split(path(prefix, "entries", n, width))
		if int64(len(entries)) != width {
			fail("entry bundle %d holds %d entries", n, len(entries))
		}
		var tile []byte
		for _, entry := range entries {
			hash := tlog.RecordHash(entry)
			tile = append(tile, hash[:]...)
			more, err := tlog.StoredHashesForRecordHash(int64(len(all)), hash, reader)
			must(err, "tree")
			stored = append(stored, more...)
			all = append(all, entry)
		}
		there, err := os.ReadFile(path(prefix, "0", n, width))
		must(err, "tile")
		if !bytes.Equal(there, tile) {
			fail("tile %d is not that of its entries", n)
		}
	}
	root, err := tlog.TreeHash(size, reader)
	must(err, "root")
	return all, root
}

type header struct{ Run, Actor, Epoch string }

type record struct {
	Type string
	Data struct{ Actor, Role, Epoch, Key string }
}

func open(entry []byte, verifiers note.Verifiers) (header, []record) {
	signed, err := note.Open(entry, verifiers)
	must(err, "an entry")
	lines := strings.Split(strings.TrimSuffix(signed.Text, "\n"), "\n")
	var head header
	must(json.Unmarshal([]byte(lines[1]), &head), "a header")
	if own := "maestro/" + head.Actor + "@" + head.Epoch; head.Actor != "operator" && signed.Sigs[0].Name != own {
		fail("an entry says to be from %s and is signed by %s", own, signed.Sigs[0].Name)
	}
	var records []record
	for _, line := range lines[2:] {
		var each record
		must(json.Unmarshal([]byte(line), &each), "an event")
		records = append(records, each)
	}
	return head, records
}

func policy(file string) (int, []note.Verifier) {
	data, err := os.ReadFile(file)
	must(err, file)
	groups, witnesses, k := map[string]int{}, []note.Verifier{}, 0
	for _, line := range strings.Split(string(data), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) >= 3 && words[0] == "witness":
			parts := strings.SplitN(words[2], "+", 3)
			material, err := base64.StdEncoding.DecodeString(parts[2])
			must(err, "a witness")
			if len(material) != 33 || material[0] != 4 {
				fail("%s is no Ed25519 witness", words[1])
			}
			hash := sha256.Sum256(append([]byte(parts[0]+"\n"), material...))
			witnesses = append(witnesses, &cosigner{parts[0], material[1:], binary.BigEndian.Uint32(hash[:])})
		case len(words) >= 4 && words[0] == "group":
			k, err := strconv.Atoi(words[2])
			if words[2] == "all" {
				k, err = len(words)-3, nil
			} else if words[2] == "any" {
				k, err = 1, nil
			}
			must(err, "a group")
			groups[words[1]] = k
		case len(words) == 2 && words[0] == "quorum" && words[1] != "none":
			k = 1
			if of, ok := groups[words[1]]; ok {
				k = of
			}
		}
	}
	return k, witnesses
}

func main() {
	operator := flag.String("operator", "", "the operator's public key, from elsewhere")
	policyFile := flag.String("policy", "", "whose cosignatures count")
	flag.Parse()
	root := flag.Arg(0)
	if *operator == "" || root == "" {
		fmt.Println("usage: verify -operator VKEY [-policy FILE] FOLDER")
		os.Exit(2)
	}
	data, err := os.ReadFile(filepath.Join(root, "maestro.json"))
	must(err, "maestro.json")
	var about manifest
	must(json.Unmarshal(data, &about), "maestro.json")

	boss, err := note.NewVerifier(strings.TrimSpace(*operator))
	must(err, "the operator's key")
	verifiers := map[string]note.Verifier{}
	notaries := [][]byte{}
	system, _ := log(filepath.Join(root, "system"), about.System)
	for _, entry := range system {
		_, records := open(entry, note.VerifierList(boss))
		for _, each := range records {
			name := "maestro/" + each.Data.Actor + "@" + each.Data.Epoch
			if each.Type != "ActorEnrolled" || verifiers[name] != nil {
				continue
			}
			key, err := base64.StdEncoding.DecodeString(each.Data.Key)
			must(err, name)
			verifiers[name], err = note.NewVerifier(vkey(name, key))
			must(err, name)
			if each.Data.Role == "notary" {
				notaries = append(notaries, key)
			}
		}
	}
	list := []note.Verifier{boss}
	for _, each := range verifiers {
		list = append(list, each)
	}

	entries, hash := log(root, about.Tiled)
	for n := int64(0); int64(len(entries)) < about.Entries; n++ {
		entries = append(entries, split(filepath.Join(root, "tail", fmt.Sprintf("%06d", n)))...)
	}
	for _, entry := range entries {
		if head, _ := open(entry, note.VerifierList(list...)); head.Run != about.Run {
			fail("an entry of the run %s", head.Run)
		}
	}
	fmt.Printf("%d entries of the log system, %d entries of the run: every signature is right\n", len(system), len(entries))

	sealed, err := os.ReadFile(filepath.Join(root, "checkpoint"))
	if err != nil {
		fmt.Println("no checkpoint: nothing shows that no entry is missing")
		return
	}
	lines := strings.SplitN(string(sealed), "\n", 4)
	keys := []note.Verifier{}
	for _, key := range notaries {
		each, err := note.NewVerifier(vkey(lines[0], key))
		must(err, "a notary")
		keys = append(keys, each)
	}
	_, err = note.Open(sealed, note.VerifierList(keys...))
	must(err, "the checkpoint")
	if lines[1] != strconv.FormatInt(about.Tiled, 10) || lines[2] != base64.StdEncoding.EncodeToString(hash[:]) {
		fail("the checkpoint is of other entries")
	}
	fmt.Printf("the checkpoint of %s covers exactly the first %s entries\n", lines[0], lines[1])
	if *policyFile != "" {
		k, witnesses := policy(*policyFile)
		cosigned := 0
		if signed, err := note.Open(sealed, note.VerifierList(witnesses...)); err == nil {
			cosigned = len(signed.Sigs)
		}
		if cosigned < k {
			fail("%d witnesses cosigned it, and %d are needed", cosigned, k)
		}
		fmt.Printf("%d of %d witnesses cosigned it\n", cosigned, len(witnesses))
	}
}
