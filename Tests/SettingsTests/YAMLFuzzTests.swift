import Settings
import Testing

@Suite("YAML parser, fed with noise")
struct YAMLFuzzTests {
    /// A generator with a seed, so that a failure can be repeated.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// Parses; either there is a document or there are problems with a place in the text.
    private func feed(_ bytes: [UInt8]) {
        let lines = bytes.count { $0 == 0x0A || $0 == 0x0D || $0 == 0x85 || $0 == 0xA8 || $0 == 0xA9 } + 2
        do throws(ConfigurationError) {
            let document = try YAMLParser.document(bytes, name: "f")
            #expect(document.problems.allSatisfy { ($0.line ?? 0) >= 1 })
        } catch {
            #expect(!error.problems.isEmpty)
            #expect(error.problems.allSatisfy { 1...lines ~= $0.line ?? 0 }, "\(error) of \(bytes)")
        }
    }

    @Test("random bytes never crash it", arguments: 0..<20)
    func bytes(seed: UInt64) {
        var generator = Generator(state: seed)
        for _ in 0..<200 {
            feed(
                (0..<Int.random(in: 0...200, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator)
                })
        }
    }

    @Test("random punctuation never crashes it", arguments: 0..<20)
    func punctuation(seed: UInt64) {
        var generator = Generator(state: seed)
        let alphabet = Array("[]{}:,-?&*!|>'\"%@`#~ \n\t\\ab01<.".utf8)
        for _ in 0..<300 {
            feed(
                (0..<Int.random(in: 0...80, using: &generator)).map { _ in alphabet.randomElement(using: &generator)! })
        }
    }

    @Test("a damaged configuration file never crashes the loader", arguments: 0..<10)
    func damage(seed: UInt64) {
        var generator = Generator(state: seed)
        let original = Array(ExampleFile.render().utf8)
        for _ in 0..<10 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 9...126, using: &generator)
            }
            feed(bytes)
            let text = String(decoding: bytes, as: UTF8.self)
            do {
                _ = try load(text)
            } catch {
                #expect(error is ConfigurationError)
            }
        }
    }
}
