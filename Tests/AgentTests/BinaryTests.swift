import Foundation
import Testing

@Suite("The agent's executable", .serialized, .timeLimit(.minutes(3)))
struct BinaryTests {
    /// A static executable has no program interpreter; this reads the ELF program headers as `file` does.
    @Test func isStaticallyLinked() throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: AgentFixture.agentPath))
        #expect(Self.programHeaderTypes(bytes).contains(1))
        #expect(!Self.programHeaderTypes(bytes).contains(3))
    }

    @Test func ofTheTestsIsNot() throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"))
        #expect(Self.programHeaderTypes(bytes).contains(3))
    }

    private static func programHeaderTypes(_ bytes: Data) -> [UInt32] {
        func read<Value: FixedWidthInteger>(_ type: Value.Type, _ offset: Int) -> Value {
            bytes[offset..<offset + MemoryLayout<Value>.size].reversed().reduce(0) { $0 << 8 | Value($1) }
        }
        let table = Int(read(UInt64.self, 32))
        let size = Int(read(UInt16.self, 54))
        return (0..<Int(read(UInt16.self, 56))).map { read(UInt32.self, table + $0 * size) }
    }
}
