// Starts the command, in a Node that is known to be new enough; read only by portzero.js.
import('../dist/bundle/portzero.js').then((portzero) => portzero.runProcess());
