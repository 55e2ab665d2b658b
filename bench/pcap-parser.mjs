/** What somebody would write with the package pcap-parser: count the segments to or from TCP port 0 over plain IPv4. */
import pcapp from 'pcap-parser';

let frames = 0;
let segments = 0;
const parser = pcapp.parse(process.argv[2]);
parser.on('packet', ({ data }) => {
  frames++;
  if (data.length < 38 || data.readUInt16BE(12) !== 0x0800 || data[23] !== 6) return;
  const tcp = 14 + (data[14] & 0x0f) * 4;
  if (data.readUInt16BE(tcp) === 0 || data.readUInt16BE(tcp + 2) === 0) segments++;
});
parser.on('end', () => console.log(frames, segments));
