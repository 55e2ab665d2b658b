#!/usr/bin/env node
import { runProcess } from '../dist/bundle/portzero.js';

await runProcess();
